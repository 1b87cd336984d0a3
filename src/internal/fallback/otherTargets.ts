import * as Context from "effect/Context"
import type { Running } from "../time/watchedDeadline.js"

/**
 * What a call knows of the targets that stand ready if the one it asks fails; nothing where there are none. A failure
 * worth repeating only as a last resort, a timeout, is then left to the next target.
 *
 * @internal
 */
export class OtherTargets extends Context.Reference<OtherTargets>()("effect-resilience/OtherTargets", {
  defaultValue: (): Others | undefined => undefined
}) {}

/** @internal */
export interface Others {
  /** How many targets would still be asked, those of the walks around this one included. */
  readonly count: number
  /** Their names, as far as they are known: one whose circuit lets nobody in does not stand ready. */
  readonly names: ReadonlyArray<string>
  readonly patience: Patience
  /** The share, above 0 and at most 1, that the target at hand has of what is left of the call's deadline. */
  readonly share: number
  /** The end of that share, where it is watched from outside. */
  readonly end?: Running | undefined
}

/**
 * What waits for one target are worth while others stand ready: so many milliseconds in all, with its retries. A target
 * that holds its callers back before it has failed this call is not waited for at all.
 *
 * Where no other target is asked after a failure, there is nothing to be gained by not waiting.
 *
 * @internal
 */
export class Patience {
  private spent = 0
  private failed = false
  private helps = true
  /** None of the others would let this call in before its time is up: there is nobody to leave a share of it to. */
  isAlone = false

  constructor(
    private readonly millis: number,
    private readonly leadsOn: (failure: unknown) => boolean,
    private readonly around?: Patience | undefined
  ) {}

  /** The target has failed this call itself. */
  noteFailure(failure: unknown): void {
    this.failed = true
    this.helps = this.leadsOn(failure)
  }

  /** Milliseconds that a wait may have. */
  get left(): number {
    if (!this.helps) return Number.POSITIVE_INFINITY
    const own = this.millis - this.spent
    return Math.max(0, this.around === undefined ? own : Math.min(own, this.around.rest))
  }

  /** The same for a wait that the target's state asks for, not its failure. */
  get atDoor(): number {
    return this.failed ? this.left : 0
  }

  spend(millis: number): void {
    if (!this.helps) return
    this.spent += millis
    this.around?.spend(millis)
  }

  private get rest(): number {
    const own = this.millis - this.spent
    return this.around === undefined ? own : Math.min(own, this.around.rest)
  }
}
