/** Streams over real sockets, through the real clients, against a provider that misbehaves. */

import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, Either, Redacted, type Scope, Stream } from "effect"
import { LlmError, Resilience } from "effect-resilience"
import * as MisbehavingProvider from "effect-resilience/testing/MisbehavingProvider"
import { type Way, ways } from "./ways.js"

const { Script, Step } = MisbehavingProvider

const patient = {
  deadline: false,
  attemptTimeout: "10 seconds",
  retry: { maxAttempts: 2, initialDelay: "10 millis" }
} as const

interface Seen {
  readonly text: string
  /** Where a stream was restarted. */
  readonly texts: ReadonlyArray<string>
  readonly error: unknown
  readonly attempts: ReadonlyArray<MisbehavingProvider.Attempt>
  readonly circuit: unknown
}

/** What a consumer of this way sees of a provider with these steps, and what the provider saw. */
const consume = (
  way: Way,
  steps: readonly [MisbehavingProvider.Step.Step, ...ReadonlyArray<MisbehavingProvider.Step.Step>],
  options: Resilience.StreamOptions<unknown> = {},
  use: <A, E, R>(stream: Stream.Stream<A, E, R>) => Stream.Stream<A, E, R> = (stream) => stream
): Effect.Effect<Seen, never, Scope.Scope> =>
  Effect.gen(function* () {
    const provider = yield* MisbehavingProvider.make({ script: Script.inOrder(steps, { afterwards: "repeatLast" }) })
    const texts = [""]
    const stream = way.stream(provider).pipe(Resilience.protectStream("a", { dialect: way.dialect, ...options }), use)
    const result = yield* Effect.either(
      Stream.runForEach(stream, (element) =>
        Effect.sync(() => {
          if (element instanceof Resilience.Restarted) texts.push("")
          else texts.push((texts.pop() ?? "") + (way.dialect.read(element).text ?? ""))
        })
      )
    )
    const attempts = yield* provider.awaitSettled
    const { circuitBreaker } = yield* Resilience.Resilience
    return {
      text: texts.at(-1) ?? "",
      texts,
      error: Either.isLeft(result) ? result.left : undefined,
      attempts,
      circuit: yield* circuitBreaker.state("a")
    }
  }).pipe(Effect.provide(Resilience.layer(patient)), Effect.orDie)

const sentence = /^This is the embedded provider, playing the model "[\w.-]+"\. No real model was asked\.$/

const isAnswer = (seen: Seen, attempts: number) => {
  expect(seen.error).toBeUndefined()
  expect(seen.text).toMatch(sentence)
  expect(seen.attempts).toHaveLength(attempts)
}

const isInterrupted = (seen: Seen, attempts = 1): LlmError.StreamInterrupted => {
  expect(seen.error).toBeInstanceOf(LlmError.StreamInterrupted)
  const error = seen.error as LlmError.StreamInterrupted
  expect(seen.text).not.toBe("")
  expect(error.partial).toEqual(Redacted.make(seen.text))
  expect(seen.attempts).toHaveLength(attempts)
  return error
}

describe.each(ways)("$name", (way) => {
  const scenario = (title: string, test: () => Effect.Effect<unknown, never, Scope.Scope>) =>
    it.scopedLive(title, () => test(), 20_000)

  scenario("a whole answer passes as it is", () =>
    Effect.gen(function* () {
      const seen = yield* consume(way, [Step.answer({ boundaries: "anywhere" })])
      isAnswer(seen, 1)
      expect(seen.attempts[0]?.clientLeft).toBe(false)
    })
  )

  scenario("S1: a status before the stream is retried, and the consumer sees one stream", () =>
    Effect.gen(function* () {
      isAnswer(yield* consume(way, [Step.serverError(), Step.answer()]), 2)
    })
  )

  scenario("S1, C13: an error event before the first content is retried", () =>
    Effect.gen(function* () {
      isAnswer(yield* consume(way, [Step.errorInStream({ after: 0 }), Step.answer()]), 2)
    })
  )

  scenario("S2, C13: an error event after content is a failure that holds what was delivered", () =>
    Effect.gen(function* () {
      const error = isInterrupted(yield* consume(way, [Step.errorInStream({ after: 3 }), Step.answer()]))
      expect(error.target).toBe("a")
    })
  )

  scenario("S2: buffered delivers one whole answer", () =>
    Effect.gen(function* () {
      const steps = [Step.errorInStream({ after: 3 }), Step.answer()] as const
      const seen = yield* consume(way, steps, { delivery: "buffered" })
      isAnswer(seen, 2)
    })
  )

  scenario("S2: restartable marks the restart", () =>
    Effect.gen(function* () {
      const steps = [Step.cutBody({ after: 3 }), Step.answer()] as const
      const seen = yield* consume(way, steps, { delivery: "restartable" })
      isAnswer(seen, 2)
      expect(seen.texts).toHaveLength(2)
    })
  )

  scenario("S4: a connection closed within the body is never a success", () =>
    Effect.gen(function* () {
      for (const by of ["close", "reset", "end"] as const) {
        isInterrupted(yield* consume(way, [Step.cutBody({ after: 3, by }), Step.answer()]))
      }
    })
  )

  scenario("S4: an answer without its end marker is no success", () =>
    Effect.gen(function* () {
      isInterrupted(yield* consume(way, [Step.omitEndMarker(), Step.answer()]))
    })
  )

  scenario("S5: headers and then silence run into the first-token limit, and are retried", () =>
    Effect.gen(function* () {
      const seen = yield* consume(way, [Step.stallAfterHeaders(), Step.answer()], { firstToken: "200 millis" })
      isAnswer(seen, 2)
      expect(seen.attempts[0]?.clientLeft).toBe(true)
    })
  )

  scenario("S5: keep-alives are no content", () =>
    Effect.gen(function* () {
      const steps = [Step.keepAlivesOnly({ every: "20 millis" }), Step.answer()] as const
      const seen = yield* consume(way, steps, { firstToken: "200 millis" })
      isAnswer(seen, 2)
      expect(seen.attempts[0]?.clientLeft).toBe(true)
    })
  )

  scenario("S7: silence after content runs into the idle limit, and the socket is closed", () =>
    Effect.gen(function* () {
      const steps = [Step.stallAfterContent({ after: 3 }), Step.answer()] as const
      const seen = yield* consume(way, steps, { firstToken: "2 seconds", idle: "150 millis" })
      isInterrupted(seen)
      expect(seen.attempts[0]?.clientLeft).toBe(true)
    })
  )

  scenario("S9: a consumer that leaves closes the socket, and the target did well", () =>
    Effect.gen(function* () {
      const seen = yield* consume(way, [Step.answer({ betweenChunks: "50 millis" })], {}, (stream) =>
        Stream.take(stream, 3)
      )
      expect(seen.error).toBeUndefined()
      expect(seen.attempts).toHaveLength(1)
      expect(seen.attempts[0]?.clientLeft).toBe(true)
      expect(seen.circuit).toMatchObject({ _tag: "Closed", failures: 0 })
    })
  )

  scenario("S12: the hint and the request id of a streaming 429 survive", () =>
    Effect.gen(function* () {
      const seen = yield* consume(way, [Step.rateLimited({ retryAfter: "90 seconds" })])
      expect(seen.error).toMatchObject({ _tag: "RateLimited", status: 429, requestId: expect.any(String) })
      expect((seen.error as LlmError.RateLimited).retryAfter).toEqual(Duration.seconds(90))
      expect(seen.attempts).toHaveLength(1)
    })
  )

  scenario("back-pressure reaches the socket", () =>
    Effect.gen(function* () {
      // Twenty megabytes, of which the sockets' own buffers hold a few.
      const reply = { text: `${"x".repeat(3999)} `.repeat(5000) }
      const provider = yield* MisbehavingProvider.make({ reply })
      const sent = Effect.map(provider.attempts, ([attempt]) => attempt?.bytesSent ?? 0)
      const stream = Resilience.protectStream(way.stream(provider), "a", { dialect: way.dialect })
      const seen = yield* Effect.scoped(
        Effect.gen(function* () {
          const pull = yield* Stream.toPull(stream)
          yield* pull
          yield* Effect.sleep("300 millis")
          const early = yield* sent
          yield* Effect.sleep("300 millis")
          return { early, late: yield* sent }
        })
      )
      expect(seen.late).toBe(seen.early)
      expect(seen.late).toBeLessThan(16_000_000)
    }).pipe(Effect.provide(Resilience.layer(patient)), Effect.orDie)
  )
})
