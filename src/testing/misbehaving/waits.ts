import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type { Latency } from "./Step.js"

/** The distance from the median to one of twenty, in standard deviations. */
const ninetyFive = 1.6448536269514722

/** @internal */
export type Pause = (wait: Duration.DurationInput | Latency | undefined) => Effect.Effect<void>

/**
 * The waits of one call: durations as they are, and latencies as the seed draws them, one after the other.
 *
 * @internal
 */
export const waits = (seed: string): Pause => {
  let random: Random.Random | undefined
  const drawn = ({ median, p95 }: Latency): Effect.Effect<number> => {
    random ??= Random.make(seed)
    const middle = Duration.toMillis(median)
    if (middle === 0) return Effect.succeed(0)
    const spread = Math.log(Math.max(1, Duration.toMillis(p95) / middle)) / ninetyFive
    return Effect.map(normal(random), (deviations) => Math.round(middle * Math.exp(spread * deviations)))
  }
  return (wait) =>
    wait === undefined
      ? Effect.void
      : isLatency(wait)
        ? Effect.flatMap(drawn(wait), (millis) => Effect.sleep(millis))
        : Effect.sleep(wait)
}

const isLatency = (wait: Duration.DurationInput | Latency): wait is Latency =>
  typeof wait === "object" && "_tag" in wait && wait._tag === "Latency"

/** G. E. P. Box and M. E. Muller, "A Note on the Generation of Random Normal Deviates", 1958. */
const normal = (random: Random.Random): Effect.Effect<number> =>
  Effect.zipWith(
    random.next,
    random.next,
    (one, other) => Math.sqrt(-2 * Math.log(1 - one)) * Math.cos(2 * Math.PI * other)
  )
