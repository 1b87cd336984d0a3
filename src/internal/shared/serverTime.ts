/**
 * What the clock of the backend shows, as far as the answers of it tell: each says what time it was there while the
 * question was under way. The quickest answers tell it best. No two clocks have to agree.
 *
 * @internal
 */
interface Sample {
  readonly offset: number
  /** The error is half of it at most. */
  readonly roundTrip: number
}

/** A sample is replaced by a worse one only once it is so old, in milliseconds: clocks drift. */
const staleAfter = 30_000

/** @internal */
export class ServerTime {
  #best: Sample | undefined = undefined
  #since = 0

  /** What to add to the process's own time. */
  get offset(): number {
    return this.#best?.offset ?? 0
  }

  /** Something was asked at `asked` and answered at `answered`, and in between the server's clock showed `now`. */
  observe(asked: number, answered: number, now: number): void {
    const roundTrip = Math.max(0, answered - asked)
    const offset = Math.round(now - (asked + answered) / 2)
    const best = this.#best
    const old = best === undefined || answered - this.#since > staleAfter || answered < this.#since
    // One of the clocks was set.
    const contradicts = best !== undefined && Math.abs(offset - best.offset) > (roundTrip + best.roundTrip) / 2 + 2
    if (!old && !contradicts && roundTrip > best.roundTrip) return
    this.#since = answered
    // A step of a millisecond is what rounding makes, and would have windows move to and fro.
    if (old || contradicts || Math.abs(offset - best.offset) > 1) this.#best = { offset, roundTrip }
    else this.#best = { offset: best.offset, roundTrip }
  }
}
