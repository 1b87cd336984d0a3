/** Streams without a socket, to the millisecond. */

import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { describe, expect, it } from "@effect/vitest"
import { Chunk, Effect, Either, Exit, Fiber, Option, Redacted, Schedule, Stream, TestClock } from "effect"
import {
  CircuitBreaker,
  Fallback,
  LlmCall,
  LlmError,
  Resilience,
  ResilienceEvent,
  StreamDialect
} from "effect-resilience"

interface Token {
  readonly kind: "text" | "role" | "ping" | "think" | "end" | "tool" | "garbage"
  readonly text?: string
}

const text = (text: string): Token => ({ kind: "text", text })
const role: Token = { kind: "role" }
const ping: Token = { kind: "ping" }
const think: Token = { kind: "think" }
const end: Token = { kind: "end" }
const tool: Token = { kind: "tool" }

const own = StreamDialect.make<Token>({
  content: ({ kind }) => kind === "text" || kind === "tool",
  reasoning: ({ kind }) => kind === "think",
  text: (token) => token.text,
  end: ({ kind }) => kind === "end",
  usage: ({ kind }) => (kind === "end" ? { outputTokens: 7 } : kind === "role" ? { inputTokens: 5 } : undefined),
  toolCalls: ({ kind }) => (kind === "tool" ? [{ id: "1", name: "pay" }] : [])
})

const dialect: StreamDialect.StreamDialect<Token> = {
  ...own,
  read: (token) => (token.kind === "garbage" ? { kind: "malformed" } : own.read(token))
}

const overloaded = new LlmError.Overloaded({ target: "a", status: 529, requestId: "req_1", code: "overloaded_error" })

type Source = Stream.Stream<Token, LlmError.LlmError>

const broken = (...tokens: ReadonlyArray<Token>): Source =>
  Stream.concat(Stream.fromIterable(tokens), Stream.fail(overloaded))

const silent = (...tokens: ReadonlyArray<Token>): Source => Stream.concat(Stream.fromIterable(tokens), Stream.never)

/** Tokens that come so many milliseconds after the one before. */
const paced = (...tokens: ReadonlyArray<readonly [millis: number, token: Token]>): Source =>
  Stream.mapEffect(Stream.fromIterable(tokens), ([millis, token]) => Effect.as(Effect.sleep(millis), token))

/** One stream for each attempt, the last of them again and again, and how often it was subscribed to and closed. */
const attempts = (...streams: readonly [Source, ...ReadonlyArray<Source>]) => {
  const seen = { opened: 0, closed: 0 }
  const stream = Stream.suspend(() => {
    const stream = streams[Math.min(seen.opened++, streams.length - 1)] ?? streams[0]
    return Stream.ensuring(
      stream,
      Effect.sync(() => {
        seen.closed++
      })
    )
  })
  return { stream, seen }
}

interface Consumed {
  readonly elements: string
  readonly error: unknown
}

const collect = <E, R>(
  stream: Stream.Stream<Token | Resilience.Restarted, E, R>
): Effect.Effect<Consumed, never, R> => {
  const elements: Array<string> = []
  return Effect.map(
    Effect.either(
      Stream.runForEach(stream, (token) =>
        Effect.sync(() => {
          elements.push(token instanceof Resilience.Restarted ? "RESTARTED" : (token.text ?? token.kind))
        })
      )
    ),
    (result) => ({ elements: elements.join(" "), error: Either.isLeft(result) ? result.left : undefined })
  )
}

const protect = (source: Source, options: Omit<Resilience.StreamOptions<Token>, "dialect"> = {}) =>
  collect(Resilience.protectStream(source, "a", { dialect, ...options }))

const policies = Resilience.layer({ retry: { maxAttempts: 2, initialDelay: 0 }, deadline: false })

const scenario = <E>(title: string, test: () => Effect.Effect<unknown, E, Resilience.Resilience>) =>
  it.effect(title, () => Effect.provide(test(), policies))

const counted = <E>(title: string, test: () => Effect.Effect<unknown, E, Resilience.Resilience>) =>
  it.effect(title, () => Effect.provide(test(), counting))

/** The result of a fiber that has ended, and nothing of one that runs. */
const now = <A>(fiber: Fiber.RuntimeFiber<A>) =>
  Effect.map(Fiber.poll(fiber), Option.map(Exit.getOrElse(() => undefined)))

/** Counts every call, which the default circuit does not. */
const counting = Resilience.layer({
  retry: false,
  circuitBreaker: { tripPolicy: CircuitBreaker.rate({ threshold: 0.5, size: 100, minimumCalls: 20 }) }
})

/** The heap in use, without what is garbage. */
const heap = (): number => {
  setFlagsFromString("--expose-gc")
  runInNewContext("gc")()
  return process.memoryUsage().heapUsed
}

const circuit = Effect.flatMap(Resilience.Resilience, ({ circuitBreaker }) => circuitBreaker.state("a"))

const interruptedWith = (consumed: Consumed): LlmError.StreamInterrupted => {
  expect(consumed.error).toBeInstanceOf(LlmError.StreamInterrupted)
  return consumed.error as LlmError.StreamInterrupted
}

describe("before the first content", () => {
  scenario("S1: a failure is retried, and the consumer sees one start", () =>
    Effect.gen(function* () {
      const { seen, stream } = attempts(broken(role, ping), Stream.make(role, text("x"), end))
      expect(yield* protect(stream)).toEqual({ elements: "role x end", error: undefined })
      expect(seen).toEqual({ opened: 2, closed: 2 })
    })
  )

  scenario("S1: when the attempts are used up, the failure itself comes through", () =>
    Effect.gen(function* () {
      const { seen, stream } = attempts(broken(role))
      expect(yield* protect(stream)).toEqual({ elements: "", error: overloaded })
      expect(seen.opened).toBe(2)
    })
  )

  scenario("a failure that is not worth repeating is not repeated", () =>
    Effect.gen(function* () {
      const { seen, stream } = attempts(Stream.fail(new LlmError.InvalidRequest({})))
      expect((yield* protect(stream)).error).toMatchObject({ _tag: "InvalidRequest" })
      expect(seen.opened).toBe(1)
    })
  )

  scenario("S4: a stream that ends without an answer is a failure", () =>
    Effect.gen(function* () {
      const { seen, stream } = attempts(Stream.make(role))
      expect((yield* protect(stream)).error).toMatchObject({ _tag: "MalformedResponse" })
      expect(seen.opened).toBe(2)
    })
  )
})

describe("after the first content", () => {
  scenario("S2: incremental fails with what was delivered, and repeats nothing", () =>
    Effect.gen(function* () {
      const { seen, stream } = attempts(broken(role, text("x"), text("y")))
      const consumed = yield* protect(stream)
      expect(consumed.elements).toBe("role x y")
      const error = interruptedWith(consumed)
      expect(error).toMatchObject({
        partial: Redacted.make("xy"),
        usage: { inputTokens: 5 },
        emittedToolCalls: [],
        status: 529,
        code: "overloaded_error",
        requestId: "req_1"
      })
      expect(error.cause && Redacted.value(error.cause)).toBe(overloaded)
      expect(seen).toEqual({ opened: 1, closed: 1 })
    })
  )

  it.effect("S2: nor does incremental repeat anything under a policy that repeats whatever it is given", () =>
    Effect.gen(function* () {
      const { seen, stream } = attempts(broken(text("x")))
      interruptedWith(yield* protect(stream))
      expect(seen.opened).toBe(1)
    }).pipe(Effect.provide(Resilience.layer({ retry: Schedule.recurs(3) })))
  )

  scenario("S2: buffered delivers one whole answer, or nothing and the failure itself", () =>
    Effect.gen(function* () {
      const good = attempts(broken(role, text("x")), Stream.make(role, text("z"), end))
      expect(yield* protect(good.stream, { delivery: "buffered" })).toEqual({
        elements: "role z end",
        error: undefined
      })
      const bad = attempts(broken(role, text("x")))
      expect(yield* protect(bad.stream, { delivery: "buffered" })).toEqual({ elements: "", error: overloaded })
      expect(bad.seen).toEqual({ opened: 2, closed: 2 })
    })
  )

  scenario("S2: restartable marks the restart", () =>
    Effect.gen(function* () {
      const { stream } = attempts(broken(role, text("x")), Stream.make(role, text("z"), end))
      expect(yield* protect(stream, { delivery: "restartable" })).toEqual({
        elements: "role x RESTARTED role z end",
        error: undefined
      })
    })
  )

  scenario("S3: a stream that emits once and then always fails is subscribed to as often as there are attempts", () =>
    Effect.gen(function* () {
      for (const delivery of ["buffered", "restartable"] as const) {
        const { seen, stream } = attempts(broken(text("x")))
        yield* protect(stream, { delivery })
        expect(seen).toEqual({ opened: 2, closed: 2 })
      }
    })
  )

  scenario("a tool call is never emitted twice", () =>
    Effect.gen(function* () {
      const { seen, stream } = attempts(broken(tool))
      const consumed = yield* protect(stream, { delivery: "restartable" })
      expect(consumed.elements).toBe("tool")
      expect(interruptedWith(consumed).emittedToolCalls).toEqual([{ id: "1", name: "pay" }])
      expect(seen.opened).toBe(1)
    })
  )

  scenario("S11: a second model's own failure never hides the first cause", () =>
    Effect.gen(function* () {
      const first = Resilience.protectStream(broken(role), "a", { dialect })
      const prefill = new LlmError.InvalidRequest({ target: "b", message: "b takes no assistant prefill" })
      const second: Source = Stream.fail(prefill)
      const both = Fallback.firstStreamOf([
        { name: "a", run: first },
        { name: "b", run: Resilience.protectStream(second, "b", { dialect }) },
        { name: "c", run: Stream.make(role, text("z"), end) }
      ])
      const consumed = yield* collect(both)
      expect(consumed.elements).toBe("")
      expect(consumed.error).toMatchObject({ _tag: "AllTargetsFailed", errors: [overloaded, prefill] })
      const clean = Fallback.firstStreamOf([
        { name: "a", run: first },
        { name: "c", run: Stream.make(role, text("z"), end) }
      ])
      expect(yield* collect(clean)).toEqual({ elements: "role z end", error: undefined })
      const cut = Fallback.firstStreamOf([
        { name: "a", run: Resilience.protectStream(broken(text("x")), "a", { dialect }) },
        { name: "c", run: Stream.make(role, text("z"), end) }
      ])
      const interrupted = yield* collect(cut)
      expect(interrupted.elements).toBe("x")
      expect(interruptedWith(interrupted).partial).toEqual(Redacted.make("x"))
    })
  )
})

describe("the end", () => {
  scenario("S4: an end without the end marker is never a success", () =>
    Effect.gen(function* () {
      const consumed = yield* protect(Stream.make(role, text("x")))
      expect(interruptedWith(consumed).partial).toEqual(Redacted.make("x"))
    })
  )

  scenario("S4: a complete answer is a success at once, also when the connection then breaks", () =>
    Effect.gen(function* () {
      expect(yield* protect(Stream.make(text("x"), end))).toEqual({ elements: "x end", error: undefined })
      expect(yield* protect(broken(text("x"), end))).toEqual({ elements: "x end", error: undefined })
    })
  )

  scenario("S4: a provider that never closes a complete answer is waited for a second", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.fork(protect(silent(text("x"), end)))
      yield* TestClock.adjust(999)
      expect(yield* now(fiber)).toEqual(Option.none())
      yield* TestClock.adjust(1)
      expect(yield* now(fiber)).toEqual(Option.some({ elements: "x end", error: undefined }))
    })
  )

  scenario("S8, S14: a malformed event is a typed failure, never a hole, or is skipped if that is asked for", () =>
    Effect.gen(function* () {
      const source = Stream.make<Array<Token>>(text("x"), { kind: "garbage" }, text("y"), end)
      expect(yield* protect(source, { malformed: "skip" })).toEqual({ elements: "x y end", error: undefined })
      const error = interruptedWith(yield* protect(source))
      expect(error.cause && Redacted.value(error.cause)).toMatchObject({ _tag: "MalformedResponse" })
    })
  )
})

describe("limits", () => {
  scenario("S5: only content counts as a first token", () =>
    Effect.gen(function* () {
      const { stream } = attempts(Stream.concat(Stream.make(role), paced([400, ping], [400, think], [400, ping])))
      const fiber = yield* Effect.fork(protect(stream, { firstToken: "1 second", reasoning: "ignored" }))
      yield* TestClock.adjust(1000)
      expect(yield* now(fiber)).toEqual(Option.none())
      yield* TestClock.adjust(999)
      expect(yield* now(fiber)).toEqual(Option.none())
      yield* TestClock.adjust(1)
      expect(yield* now(fiber)).toMatchObject(
        Option.some({ elements: "", error: { _tag: "TimedOut", phase: "firstToken" } })
      )
    })
  )

  scenario("S6: a first token after 100 s passes an idle limit of 30 s", () =>
    Effect.gen(function* () {
      const source = paced([100_000, text("x")], [29_999, text("y")], [0, end])
      const fiber = yield* Effect.fork(protect(source, { firstToken: false, idle: "30 seconds" }))
      yield* TestClock.adjust(100_000)
      yield* TestClock.adjust(29_999)
      expect(yield* now(fiber)).toEqual(Option.some({ elements: "x y end", error: undefined }))
    })
  )

  scenario("S7: silence after content runs into the idle limit, and the next attempt has limits of its own", () =>
    Effect.gen(function* () {
      const { seen, stream } = attempts(
        silent(text("x")),
        paced([900, text("y")], [400, ping], [499, text("z")], [0, end])
      )
      const options = { firstToken: "1 second", idle: "900 millis", delivery: "restartable" } as const
      const fiber = yield* Effect.fork(protect(stream, options))
      yield* TestClock.adjust(899)
      expect(seen.opened).toBe(1)
      yield* TestClock.adjust(1)
      expect(seen.opened).toBe(2)
      yield* TestClock.adjust(900)
      yield* TestClock.adjust(400)
      yield* TestClock.adjust(499)
      expect(yield* now(fiber)).toEqual(Option.some({ elements: "x RESTARTED y ping z end", error: undefined }))
    })
  )

  scenario("S7: incremental ends with what was delivered when the provider falls silent", () =>
    Effect.gen(function* () {
      const { seen, stream } = attempts(silent(text("x"), ping))
      const fiber = yield* Effect.fork(protect(stream, { idle: "5 seconds" }))
      yield* TestClock.adjust(4999)
      expect(yield* now(fiber)).toEqual(Option.none())
      yield* TestClock.adjust(1)
      const error = interruptedWith(yield* Fiber.join(fiber))
      expect(error.cause && Redacted.value(error.cause)).toMatchObject({ _tag: "TimedOut", phase: "idle" })
      expect(seen).toEqual({ opened: 1, closed: 1 })
    })
  )

  scenario("idle is the provider's silence, and not a slow consumer", () =>
    Effect.gen(function* () {
      const source = paced([400, text("x")], [400, text("y")], [400, end])
      const slow = Resilience.protectStream(source, "a", { dialect, idle: "500 millis" }).pipe(
        Stream.tap(() => Effect.sleep("10 seconds"))
      )
      const fiber = yield* Effect.fork(collect(slow))
      for (let i = 0; i < 3; i++) {
        yield* TestClock.adjust(400)
        yield* TestClock.adjust("10 seconds")
      }
      expect(yield* now(fiber)).toEqual(Option.some({ elements: "x y end", error: undefined }))
    })
  )

  scenario("S21: reasoning is a sign of life, unless it is to be ignored", () =>
    Effect.gen(function* () {
      const source = () => paced([900, think], [900, think], [900, text("x")], [0, end])
      const options = { firstToken: "1 second", idle: "1 second" } as const
      const alive = yield* Effect.fork(protect(source(), options))
      const ignored = yield* Effect.fork(protect(source(), { ...options, reasoning: "ignored" }))
      for (let i = 0; i < 5; i++) yield* TestClock.adjust(900)
      expect(yield* now(alive)).toEqual(Option.some({ elements: "think think x end", error: undefined }))
      expect(yield* now(ignored)).toMatchObject(Option.some({ error: { phase: "firstToken" } }))
    })
  )

  scenario("the total holds for the attempt, the consumer's time included", () =>
    Effect.gen(function* () {
      const source = Stream.concat(Stream.make(text("x")), paced(...Array(20).fill([100, text("y")] as const)))
      const fiber = yield* Effect.fork(protect(source, { total: "1 second" }))
      yield* TestClock.adjust(999)
      expect(yield* now(fiber)).toEqual(Option.none())
      yield* TestClock.adjust(1)
      const error = interruptedWith(yield* Fiber.join(fiber))
      expect(error.cause && Redacted.value(error.cause)).toMatchObject({ _tag: "TimedOut", phase: "attempt" })
    })
  )

  it.effect("the call's deadline ends a stream, before its content with the last real error", () =>
    Effect.gen(function* () {
      const { stream } = attempts(broken(role), silent(role))
      const fiber = yield* Effect.fork(protect(stream))
      yield* TestClock.adjust(2000)
      expect(yield* now(fiber)).toEqual(Option.some({ elements: "", error: overloaded }))
    }).pipe(Effect.provide(Resilience.layer({ retry: { maxAttempts: 3, initialDelay: 0 }, deadline: "2 seconds" })))
  )
})

describe("leaving", () => {
  const sources: Record<string, (closed: () => void) => Source> = {
    "any stream": (closed) => Stream.ensuring(Stream.repeatValue(text("x")), Effect.sync(closed)),
    "an async iterable": (closed) =>
      LlmCall.tryStream({
        target: "a",
        try: async function* () {
          try {
            while (true) yield text("x")
          } finally {
            closed()
          }
        }
      })
  }

  for (const [name, source] of Object.entries(sources)) {
    counted(`S9: a consumer of ${name} that leaves closes it once, gives back the permit and counts as a success`, () =>
      Effect.gen(function* () {
        let closed = 0
        const stream = Resilience.protectStream(
          source(() => closed++),
          "a",
          { dialect }
        )
        const taken = yield* Stream.runCollect(Stream.take(stream, 3))
        expect(Chunk.size(taken)).toBe(3)
        expect(closed).toBe(1)
        expect(yield* circuit).toMatchObject({ _tag: "Closed", calls: 1, failures: 0 })
      })
    )
  }

  counted("an interruption closes the stream once, and is neither success nor failure", () =>
    Effect.gen(function* () {
      const { seen, stream } = attempts(silent(text("x")))
      const fiber = yield* Effect.fork(protect(stream))
      yield* TestClock.adjust(10)
      const exit = yield* Fiber.interrupt(fiber)
      expect(Exit.isInterrupted(exit)).toBe(true)
      expect(seen).toEqual({ opened: 1, closed: 1 })
      expect(yield* circuit).toMatchObject({ calls: 0, failures: 0 })
    })
  )

  counted("a consumer's own failure is none of the target's", () =>
    Effect.gen(function* () {
      const { seen, stream } = attempts(Stream.repeatValue(text("x")))
      const used = Stream.mapEffect(Resilience.protectStream(stream, "a", { dialect }), () => Effect.fail("no more"))
      expect(yield* Effect.flip(Stream.runDrain(used))).toBe("no more")
      expect(seen).toEqual({ opened: 1, closed: 1 })
      expect(yield* circuit).toMatchObject({ calls: 1, failures: 0 })
    })
  )

  scenario("a failure after content counts once, and opens the circuit like any other", () =>
    Effect.gen(function* () {
      for (let i = 0; i < 5; i++) yield* protect(broken(text("x")))
      expect(yield* circuit).toMatchObject({ _tag: "Open" })
      const { seen, stream } = attempts(Stream.make(text("x"), end))
      expect((yield* protect(stream)).error).toMatchObject({ _tag: "CircuitOpen" })
      expect(seen.opened).toBe(0)
    })
  )

  it.effect("every attempt and the call are reported, exactly once", () =>
    Effect.gen(function* () {
      const { subscribe } = yield* ResilienceEvent.ResilienceEvents
      const events = yield* subscribe
      const { stream } = attempts(broken(text("x")), Stream.make(text("z"), end))
      yield* protect(stream, { delivery: "restartable" })
      const tags = Chunk.map(yield* events.takeAll, (event) => event._tag)
      expect(Chunk.toReadonlyArray(tags)).toEqual([
        "AttemptStarted",
        "AttemptFailed",
        "RetryScheduled",
        "StreamRestarted",
        "AttemptStarted",
        "AttemptSucceeded",
        "CallSucceeded"
      ])
    }).pipe(Effect.scoped, Effect.provide(policies), Effect.provide(ResilienceEvent.layer()))
  )
})

describe("room", () => {
  scenario("a buffered answer beyond the buffer is a clear failure", () =>
    Effect.gen(function* () {
      const source = Stream.concat(Stream.repeatValue(text("x")).pipe(Stream.take(50)), Stream.make(end))
      const options = { delivery: "buffered", buffer: { elements: 10 } } as const
      const consumed = yield* protect(source, options)
      expect(consumed).toMatchObject({ elements: "", error: { _tag: "BufferExceeded", key: "a", elements: 10 } })
      expect(yield* circuit).toMatchObject({ failures: 0 })
    })
  )

  scenario("chunks are never split", () =>
    Effect.gen(function* () {
      const chunks = [Chunk.make(role, text("a"), text("b")), Chunk.make(text("c"), text("d")), Chunk.make(end)]
      const seen = yield* Resilience.protectStream(Stream.fromChunks(...chunks), "a", { dialect }).pipe(
        Stream.chunks,
        Stream.runCollect
      )
      expect(Chunk.toReadonlyArray(seen)).toEqual(chunks)
    })
  )

  scenario("S10: what the policy has returned stays readable to its end", () =>
    Effect.gen(function* () {
      const source = Stream.concat(paced(...Array(50).fill([1000, text("y")] as const)), Stream.make(end))
      const pulled = yield* Effect.scoped(
        Effect.gen(function* () {
          const pull = yield* Stream.toPull(Resilience.protectStream(source, "a", { dialect }))
          const fiber = yield* Effect.fork(Effect.either(Effect.forever(pull)))
          for (let i = 0; i < 52; i++) yield* TestClock.adjust(1000)
          return yield* Fiber.join(fiber)
        })
      )
      expect(pulled).toEqual(Either.left(Option.none()))
    })
  )

  it.live(
    "S13: 100 000 elements pass in constant memory",
    () =>
      Effect.gen(function* () {
        const count = 100_000
        const used: Array<number> = []
        let seen = 0
        const source = LlmCall.tryStream({
          target: "a",
          try: async function* () {
            // A kilobyte and more in each, which would be a hundred megabytes if they were kept.
            for (let i = 0; i < count; i++) yield { ...text("word "), padding: Array.from({ length: 128 }, () => i) }
            yield end
          }
        })
        yield* Stream.runForEach(Resilience.protectStream(source, "a", { dialect, idle: "5 seconds" }), () =>
          Effect.sync(() => {
            if (++seen % 20_000 === 0) used.push(heap())
          })
        )
        expect(seen).toBe(count + 1)
        const [first = 0, ...later] = used
        // What grows is the text itself, kept for a failure that may come: half a megabyte here.
        expect(Math.max(...later) - first).toBeLessThan(3 * 1024 * 1024)
      }).pipe(Effect.provide(policies)),
    30_000
  )
})
