/**
 * How long a target's answers have taken, as a histogram of fixed size: the buckets grow by a constant factor, so that a
 * quantile is known to within `accuracy` of its value whatever the scale.
 *
 * Two things that a kept sketch (DDSketch, t-digest) would not do. What is old weighs less: a sample loses half of its
 * weight in each half-life, by letting new ones weigh more instead of touching the old. And a call that was cut off says
 * that its answer takes *at least* so long: leaving it out would call a slow target quick, and taking it for an answer
 * would make the hedge's own delay the target's latency. Such samples are weighed by the product-limit estimator.
 *
 * Source: E. L. Kaplan, P. Meier, "Nonparametric Estimation from Incomplete Observations", 1958; C. Masson et al.,
 * "DDSketch", 2019 (the buckets); G. Cormode et al., "Forward Decay", 2009 (the weights).
 *
 * @internal
 */

/** By how much of its value a quantile may be off. @internal */
export const accuracy = 0.025

const growth = (1 + accuracy) / (1 - accuracy)
const logGrowth = Math.log(growth)

/** An hour; what takes longer counts as that. */
const longest = 3_600_000

const size = Math.ceil(Math.log(longest) / logGrowth) + 1

/** Weights are scaled down before they come near what a number can hold. */
const mostDoublings = 50

const bucketOf = (millis: number): number =>
  millis <= 1 ? 0 : Math.min(size - 1, Math.ceil(Math.log(millis) / logGrowth))

/** The value whose distance to both ends of the bucket is the same share of them. */
const valueOf = (bucket: number): number => (bucket === 0 ? 1 : (2 * growth ** bucket) / (growth + 1))

/** @internal */
export class Latencies {
  /** How many answers have entered, however long ago. */
  answers = 0

  readonly #answered = new Float64Array(size)
  readonly #cutOff = new Float64Array(size)
  #origin: number

  constructor(
    private readonly halfLife: number,
    now: number
  ) {
    this.#origin = now
  }

  answered(millis: number, now: number): void {
    this.answers++
    this.#add(this.#answered, millis, now)
  }

  /** Nobody knows how long the answer would have taken, but for that it would have been longer than this. */
  cutOff(millis: number, now: number): void {
    this.#add(this.#cutOff, millis, now)
  }

  /** The time within which the share `q` of all answers comes, in milliseconds; nothing if nothing is known. */
  quantile(q: number): number | undefined {
    let atRisk = 0
    for (let i = 0; i < size; i++) atRisk += this.#answered[i]! + this.#cutOff[i]!
    let waiting = 1
    let last: number | undefined
    for (let i = 0; i < size; i++) {
      const answered = this.#answered[i]!
      const cutOff = this.#cutOff[i]!
      if (answered + cutOff === 0) continue
      last = i
      waiting *= 1 - answered / atRisk
      if (waiting <= 1 - q + rounding) return valueOf(i)
      atRisk -= answered + cutOff
    }
    // Too many were cut off to know; it is more than any of them has waited.
    return last === undefined ? undefined : valueOf(last)
  }

  #add(samples: Float64Array, millis: number, now: number): void {
    let doublings = Math.max(0, now - this.#origin) / this.halfLife
    if (doublings > mostDoublings) {
      this.#scale(2 ** -doublings)
      this.#origin = now
      doublings = 0
    }
    samples[bucketOf(millis)]! += 2 ** doublings
  }

  #scale(factor: number): void {
    for (let i = 0; i < size; i++) {
      this.#answered[i]! *= factor
      this.#cutOff[i]! *= factor
    }
  }
}

/** What is lost where shares are multiplied. */
const rounding = 1e-9
