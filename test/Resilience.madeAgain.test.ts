/** Policies that are made again and again, each for one call, share nothing; somebody has to say so. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer, Logger, LogLevel, TestClock } from "effect"
import { LlmError, Resilience } from "effect-resilience"

/** What is logged while this runs. */
const logged = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const lines: Array<string> = []
    const logger = Logger.make(({ logLevel, message }) => {
      if (logLevel === LogLevel.Warning) lines.push(String(message))
    })
    return Effect.as(Effect.provide(self, Logger.add(logger)), lines)
  })

let asked = 0
const down = Effect.suspend(() => {
  asked += 1
  return Effect.fail(new LlmError.ServerError({}))
})

/** A call beside which its policies are made, with options of its own for each test. */
const beside = (idleTimeToLive: string) =>
  Effect.exit(
    Resilience.protect(down, "a").pipe(
      Effect.provide(Resilience.layer({ retry: false, idleTimeToLive: idleTimeToLive as "1 hour" }))
    )
  )

describe("policies made beside each call", () => {
  it.effect("share nothing, and it is said once what to do", () =>
    Effect.gen(function* () {
      const lines = yield* logged(Effect.replicateEffect(beside("51 minutes"), 20))
      expect(asked).toBe(20)
      expect(lines).toHaveLength(1)
      expect(lines[0]).toMatch(/the same policies were made 10 times within a minute.*Provide the layer once/)
      expect(yield* logged(Effect.replicateEffect(beside("51 minutes"), 20))).toEqual([])
    })
  )

  it.effect("nothing is said of a few, of many over a long time, and of different ones", () =>
    Effect.gen(function* () {
      expect(yield* logged(Effect.replicateEffect(beside("52 minutes"), 9))).toEqual([])
      const slowly = Effect.zipRight(TestClock.adjust("7 seconds"), beside("53 minutes"))
      expect(yield* logged(Effect.replicateEffect(slowly, 50))).toEqual([])
      const each = Array.from({ length: 50 }, (_, i) => beside(`${100 + i} minutes`))
      expect(yield* logged(Effect.all(each))).toEqual([])
    })
  )

  it.scoped("nothing is said of a layer that many programs share", () =>
    Effect.gen(function* () {
      const policies = Layer.succeedContext(yield* Layer.build(Resilience.layer({ idleTimeToLive: "54 minutes" })))
      const call = Effect.provide(Resilience.protect(Effect.void, "a"), policies)
      expect(yield* logged(Effect.replicateEffect(call, 50))).toEqual([])
    })
  )
})
