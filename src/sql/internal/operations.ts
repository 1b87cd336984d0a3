/**
 * What the calls of one operation have in common: which target was to answer, and why another one was asked.
 *
 * @internal
 */
import { remember } from "./remember.js"

interface About {
  readonly operation?: number | undefined
  readonly target: string
}

interface AboutCall extends About {
  readonly call: number
}

interface Operation {
  readonly first: string
  movedBy: string | null
  /** The hedge that was started last, until its call has a number. */
  hedge: { readonly target: string; readonly hedge: number } | undefined
  readonly hedges: Map<number, number>
}

/** @internal */
export class Operations {
  private readonly known = new Map<number, Operation>()

  /** A target was asked, or would have been. */
  asked(event: AboutCall & { readonly attempt?: number }): void {
    const operation = this.operation(event)
    if (operation?.hedge === undefined || event.attempt !== 1 || operation.hedge.target !== event.target) return
    operation.hedges.set(event.call, operation.hedge.hedge)
    operation.hedge = undefined
  }

  /** Another target is asked than this one. */
  passedOver(event: About, why: string): void {
    const operation = this.operation(event)
    if (operation?.first === event.target) operation.movedBy = why
  }

  hedged(event: About & { readonly hedge: number; readonly because: string }): void {
    if (event.operation === undefined) return
    const operation = this.known.get(event.operation)
    if (operation === undefined) return
    operation.movedBy ??= event.because
    operation.hedge = { target: event.target, hedge: event.hedge }
  }

  firstOf(operation: number | undefined): string | undefined {
    return operation === undefined ? undefined : this.known.get(operation)?.first
  }

  of({ call, operation, target }: AboutCall): { first: string; movedBy: string | null; hedge: number | null } {
    const known = operation === undefined ? undefined : this.known.get(operation)
    return {
      first: known?.first ?? target,
      movedBy: known?.movedBy ?? null,
      hedge: known?.hedges.get(call) ?? null
    }
  }

  private operation({ operation, target }: About): Operation | undefined {
    if (operation === undefined) return undefined
    const known = this.known.get(operation)
    if (known !== undefined) return known
    const begun: Operation = { first: target, movedBy: null, hedge: undefined, hedges: new Map() }
    remember(this.known, operation, begun)
    return begun
  }
}
