/**
 * How many may run at once, and who waits. It knows no time and no fibers; whoever waits is told by its owner.
 *
 * After every step either nobody waits or as many run as may, so a newcomer overtakes nobody.
 *
 * @internal
 */
import { Line, type Waiter } from "./line.js"

/** What becomes of a newcomer: it waits, maybe in the place of another one, or it does not. */
export type Joined<W> = { readonly _tag: "Waiting"; readonly displaced: W | undefined } | { readonly _tag: "Full" }

const full: Joined<never> = { _tag: "Full" }
const alone: Joined<never> = { _tag: "Waiting", displaced: undefined }

/** @internal */
export class Limiter<W extends Waiter> {
  running = 0
  protected readonly line: Line<W>

  constructor(
    /** Changed at will; `next` then tells who may start. */
    public limit: number,
    private readonly maxQueued: number,
    batchShare: number
  ) {
    this.line = new Line(batchShare)
  }

  get queued(): number {
    return this.line.size
  }

  /** Takes a place at once, if there is one and nobody waits for it. */
  enter(): boolean {
    if (this.line.size > 0 || this.running >= this.limit) return false
    this.running++
    return true
  }

  /** Runs as one too many, if the queue has room for all who are. */
  enterBeyond(): boolean {
    if (this.line.size + Math.max(0, this.running - this.limit) >= this.maxQueued) return false
    this.running++
    return true
  }

  join(waiter: W): Joined<W> {
    if (this.line.size < this.maxQueued) {
      this.line.add(waiter)
      return alone
    }
    const displaced = this.line.displacedBy(waiter)
    if (displaced === undefined) return full
    this.line.remove(displaced)
    this.line.add(waiter)
    return { _tag: "Waiting", displaced }
  }

  /** Leaves the queue without having had a turn. */
  abandon(waiter: W): void {
    this.line.remove(waiter)
  }

  /** A place is given back. Ask `next` who has it now. */
  leave(): void {
    this.running--
  }

  /** Who starts now, if anybody does; to be asked until nobody does. */
  next(): W | undefined {
    if (this.running >= this.limit) return undefined
    const waiter = this.line.take()
    if (waiter !== undefined) this.running++
    return waiter
  }
}
