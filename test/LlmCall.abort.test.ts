/** Who gave up: whose signal was aborted decides, and never the words of an error. */
import { describe, expect, it } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, Stream } from "effect"
import { CircuitBreaker, LlmCall, LlmError, Resilience } from "effect-resilience"
import { APIUserAbortError } from "openai"

const aborts: Readonly<Record<string, unknown>> = {
  "an AbortError": new DOMException("This operation was aborted", "AbortError"),
  "a client's abort": new APIUserAbortError(),
  "an abort code": Object.assign(new Error("x"), { code: "ABORT_ERR" }),
  "axios's cancellation": Object.assign(new Error("canceled"), { name: "CanceledError", code: "ERR_CANCELED" }),
  "words of an abort": "The user aborted a request."
}

/** What callers abort with. */
const reasons: Readonly<Record<string, unknown>> = {
  nothing: undefined,
  "a reset": Object.assign(new Error("aborted"), { code: "ECONNRESET" }),
  "a timeout": new DOMException("The operation was aborted due to timeout", "TimeoutError"),
  "a failure of the provider": new LlmError.ServerError({}),
  "a status": { status: 503 },
  "a word": "closed"
}

const hangs = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)))

async function* hanging(signal: AbortSignal): AsyncGenerator<string> {
  yield "a"
  await hangs(signal)
}

describe("an abort while nobody aborted the call", () => {
  for (const [what, thrown] of Object.entries(aborts)) {
    it.effect(`B20: ${what} is a timeout of the attempt, with and without a signal, as a call and as a stream`, () =>
      Effect.gen(function* () {
        const timedOut = { _tag: "TimedOut", phase: "attempt", target: "t" }
        const calls = [
          LlmCall.tryPromise({ target: "t", try: () => Promise.reject(thrown) }),
          LlmCall.tryPromise({ target: "t", try: (_signal) => Promise.reject(thrown) }),
          LlmCall.fetch({ target: "t", url: "http://x", fetch: () => Promise.reject(thrown) }),
          Stream.runDrain(LlmCall.tryStream({ target: "t", try: (_signal) => Promise.reject(thrown) }))
        ]
        for (const call of calls) expect(yield* Effect.flip(call)).toMatchObject(timedOut)
      })
    )
  }

  it.effect("B20: it counts against the target, and is asked again", () =>
    Effect.gen(function* () {
      let asked = 0
      const call = LlmCall.tryPromise({
        try: () => {
          asked++
          return Promise.reject(new DOMException("This operation was aborted", "AbortError"))
        }
      })
      yield* Effect.exit(call.pipe(Resilience.protect("t")))
      expect(asked).toBe(2)
    }).pipe(
      Effect.provide(
        Resilience.layer({
          retry: { initialDelay: 0 },
          circuitBreaker: { tripPolicy: CircuitBreaker.consecutive(2) }
        })
      )
    )
  )

  it.live("B20: the wish of a caller further in stays one", () =>
    Effect.gen(function* () {
      const inner = new AbortController()
      inner.abort()
      const call = LlmCall.tryPromise({ target: "inner", try: async () => 1, signal: inner.signal })
      const outer = LlmCall.tryPromise({ target: "outer", try: () => Effect.runPromise(call) })
      expect(yield* Effect.flip(outer)).toMatchObject({ _tag: "Unclassified", code: "ABORT_ERR", target: "inner" })
    })
  )
})

describe("the caller's own abort", () => {
  for (const [what, reason] of Object.entries(reasons)) {
    it.live(`B20: with ${what} as its reason is the caller's wish, and nothing follows`, () =>
      Effect.gen(function* () {
        for (const early of [true, false]) {
          const caller = new AbortController()
          if (early) caller.abort(reason)
          else setTimeout(() => caller.abort(reason), 5)
          let asked = 0
          const seen: Array<AbortSignal> = []
          const tried = (signal: AbortSignal) => {
            asked++
            seen.push(signal)
            return hangs(signal)
          }
          const calls = [
            LlmCall.tryPromise({ try: tried, signal: caller.signal }),
            LlmCall.tryPromise({ try: () => new Promise(() => {}), signal: caller.signal }),
            LlmCall.fetch({
              url: "http://x",
              fetch: (_, init) => hangs(init?.signal as AbortSignal),
              signal: caller.signal
            }),
            Stream.runDrain(LlmCall.tryStream({ try: hanging, signal: caller.signal }))
          ]
          const exits = yield* Effect.all(
            calls.map((call) => Effect.exit(Effect.asVoid(call).pipe(Resilience.protect("t")))),
            { concurrency: "unbounded" }
          )
          for (const exit of exits) {
            expect(Exit.isFailure(exit) && Cause.squash(exit.cause)).toMatchObject({
              _tag: "Unclassified",
              code: "ABORT_ERR"
            })
          }
          expect(asked).toBe(early ? 0 : 1)
          expect(seen.every((signal) => signal.aborted)).toBe(true)
        }
      }).pipe(Effect.provide(Resilience.layer({ circuitBreaker: { tripPolicy: CircuitBreaker.consecutive(1) } })))
    )
  }

  it.live("B20: an interruption is one whatever the promise then rejects with", () =>
    Effect.gen(function* () {
      for (const reason of Object.values(reasons)) {
        const call = LlmCall.tryPromise({
          try: (signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(reason)))
        })
        const fiber = yield* Effect.fork(call.pipe(Resilience.protect("t")))
        yield* Effect.sleep("2 millis")
        expect(Exit.isInterrupted(yield* Fiber.interrupt(fiber))).toBe(true)
      }
      expect(yield* Effect.succeed(1).pipe(Resilience.protect("t"))).toBe(1)
    }).pipe(Effect.provide(Resilience.layer({ circuitBreaker: { tripPolicy: CircuitBreaker.consecutive(1) } })))
  )

  it.live("B20: a signal that lives long is left alone by calls that have ended", () =>
    Effect.gen(function* () {
      const { signal } = new AbortController()
      let listening = 0
      const counted = new Proxy(signal, {
        get: (of, name) => {
          if (name === "addEventListener") listening++
          if (name === "removeEventListener") listening--
          const held: unknown = Reflect.get(of, name, of)
          return typeof held === "function" ? held.bind(of) : held
        }
      })
      for (let at = 0; at < 5; at++) {
        yield* LlmCall.tryPromise({ try: async () => at, signal: counted })
        yield* Effect.ignore(LlmCall.tryPromise({ try: () => Promise.reject(at), signal: counted }))
        yield* Stream.runDrain(LlmCall.tryStream({ try: async () => new Response("a").body as never, signal: counted }))
        yield* Stream.runDrain(Stream.take(LlmCall.tryStream({ try: hanging, signal: counted }), 1))
      }
      expect(listening).toBe(0)
    })
  )
})
