import { describe, expect, it } from "@effect/vitest"
import { Chunk, Duration, Effect, Queue } from "effect"
import { ResilienceEvent } from "effect-resilience"
import { expected, layer, scriptedRun, targetOf } from "./scriptedRun.js"

type Event = ResilienceEvent.ResilienceEvent

const counted = (names: ReadonlyArray<string>): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

const nameOf = (event: Event): string => event.target.slice(event.target.indexOf("/") + 1)

const durationOf = (event: Event): Duration.Duration => ("duration" in event ? event.duration : Duration.zero)

const outcomeOf = (event: Event): string =>
  event._tag.endsWith("Succeeded")
    ? "success"
    : event._tag.endsWith("Interrupted")
      ? "interrupted"
      : String((ResilienceEvent.encode(event).error as { readonly _tag: string })._tag)

describe("a scripted run, in which everything happens", () => {
  it.effect("is whole in the events, with the right numbers", () =>
    Effect.gen(function* () {
      const queue = yield* ResilienceEvent.subscribe
      yield* Effect.provide(scriptedRun("events"), layer("events"))
      const events = Chunk.toReadonlyArray(yield* Queue.takeAll(queue))
      expect(counted(events.map(({ _tag }) => _tag))).toEqual(expected.events)

      const ended = events.filter((event) => /^Attempt(?!Started)/.test(event._tag))
      const attempts: Record<string, { count: number; seconds: number }> = {}
      for (const event of ended) {
        const name = `${nameOf(event)} ${outcomeOf(event)}`
        const { count, seconds } = attempts[name] ?? { count: 0, seconds: 0 }
        attempts[name] = {
          count: count + 1,
          seconds: seconds + Duration.toSeconds(durationOf(event))
        }
      }
      expect(attempts).toEqual(expected.attempts)

      const calls = events.filter((event) => /^Call(Succeeded|Failed|Interrupted)/.test(event._tag))
      expect(counted(calls.map((event) => `${nameOf(event)} ${outcomeOf(event)}`))).toEqual(expected.calls)

      const changes = events.flatMap((event) =>
        event._tag === "CircuitChanged" ? [`${event.from} > ${event.to}`] : []
      )
      expect(changes).toEqual(expected.circuitStates)
      for (const event of ended) {
        const { usage } = event as { usage?: object }
        if (event._tag === "AttemptSucceeded") expect(usage).toEqual(expected.tokens.answer)
        else if (["broken", "left"].includes(nameOf(event))) expect(usage).toEqual(expected.tokens.cutOff)
        else expect(usage).toBe(undefined)
      }
      const correlated = events.filter(({ correlation }) => correlation === "job-1")
      expect([...new Set(correlated.map(({ target }) => target))]).toEqual([targetOf("events", "retries")])
    }).pipe(Effect.scoped, Effect.provide(ResilienceEvent.layer()))
  )
})
