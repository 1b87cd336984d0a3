/** Sources that are left, and the fiber in which a stream runs. */

import { Readable } from "node:stream"
import { describe, expect, it } from "@effect/vitest"
import { Effect, FiberRef, Stream, TestClock } from "effect"
import { CircuitBreaker, LlmCall, Resilience, StreamDialect } from "effect-resilience"

const dialect: StreamDialect.StreamDialect<unknown> = StreamDialect.make<unknown>({ content: () => true })

const policies = Resilience.layer({ retry: false })

const counting = Resilience.layer({
  retry: false,
  circuitBreaker: { tripPolicy: CircuitBreaker.rate({ threshold: 0.5, size: 100, minimumCalls: 20 }) }
})

const never = new Promise<never>(() => {})

/** Sources that give one element and then wait for ever, and say when they were cancelled. None looks at the signal. */
const sources: Record<string, (cancelled: () => void) => AsyncIterable<unknown>> = {
  "a ReadableStream": (cancelled) =>
    new ReadableStream({
      start: (controller) => controller.enqueue("x"),
      pull: () => never,
      cancel: cancelled
    }) as unknown as AsyncIterable<unknown>,
  "a ReadableStream with an iterator of its own": (cancelled) => {
    const stream = new ReadableStream({ start: (controller) => controller.enqueue("x"), cancel: cancelled })
    return Object.assign(stream, {
      async *[Symbol.asyncIterator]() {
        const reader = stream.getReader()
        while (true) yield (await reader.read()).value
      }
    }) as unknown as AsyncIterable<unknown>
  },
  "a stream of Node": (cancelled) => {
    let given = 0
    return new Readable({
      objectMode: true,
      read() {
        if (given++ === 0) this.push("x")
      },
      destroy: (_, done) => {
        cancelled()
        done(null)
      }
    })
  },
  "a client's stream that can be aborted": (cancelled) =>
    ({
      abort: cancelled,
      async *[Symbol.asyncIterator]() {
        yield "x"
        await never
      }
    }) as AsyncIterable<unknown>,
  "a client's stream with its controller": (cancelled) => {
    const controller = new AbortController()
    controller.signal.addEventListener("abort", cancelled)
    return {
      controller,
      async *[Symbol.asyncIterator]() {
        yield "x"
        await never
      }
    } as AsyncIterable<unknown>
  }
}

describe("a consumer that leaves a source that waits", () => {
  for (const [name, source] of Object.entries(sources)) {
    for (const isProtected of [true, false]) {
      it.effect(`S15: ${name} is cancelled at once, ${isProtected ? "protected" : "bare"}`, () =>
        Effect.gen(function* () {
          let cancelled = 0
          const bare = LlmCall.tryStream({ target: "a", try: () => source(() => cancelled++) })
          const stream = isProtected ? Resilience.protectStream(bare, "a", { dialect }) : bare
          yield* Stream.runDrain(Stream.take(stream, 1))
          expect(cancelled).toBe(1)
        }).pipe(Effect.provide(policies))
      )
    }

    it.effect(`S15: ${name} is cancelled when its time is over`, () =>
      Effect.gen(function* () {
        let cancelled = 0
        const bare = LlmCall.tryStream({ target: "a", try: () => source(() => cancelled++) })
        const fiber = yield* Effect.fork(
          Effect.flip(Stream.runDrain(Resilience.protectStream(bare, "a", { dialect, idle: "1 second" })))
        )
        // The source is read in turns of the event loop, which virtual time does not wait for.
        yield* Effect.promise(() => new Promise((resolve) => setImmediate(() => setImmediate(resolve))))
        yield* TestClock.adjust("1 second")
        expect((yield* fiber)._tag).toBe("StreamInterrupted")
        expect(cancelled).toBe(1)
      }).pipe(Effect.provide(policies))
    )
  }

  it.effect("S15: a client's stream that comes after the consumer has gone is cancelled too", () =>
    Effect.gen(function* () {
      let cancelled = 0
      let give: (source: AsyncIterable<unknown>) => void = () => {}
      const source = sources["a client's stream with its controller"]!(() => cancelled++)
      const bare = LlmCall.tryStream({ try: () => new Promise<AsyncIterable<unknown>>((resolve) => (give = resolve)) })
      const fiber = yield* Effect.fork(Stream.runDrain(bare))
      yield* Effect.yieldNow()
      yield* fiber.interruptAsFork(fiber.id())
      yield* Effect.yieldNow()
      give(source)
      yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      expect(cancelled).toBe(1)
    })
  )

  const turns = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
  }

  /** What the circuit has been told, which is when the permit goes back. */
  const told = Effect.flatMap(Resilience.Resilience, ({ circuitBreaker }) =>
    Effect.map(circuitBreaker.state("a"), (state) => (state._tag === "Closed" ? state.calls : undefined))
  )

  const left = (source: (signal: AbortSignal) => AsyncIterable<unknown>) =>
    Stream.runDrain(
      Stream.take(Resilience.protectStream(LlmCall.tryStream({ target: "a", try: source }), "a", { dialect }), 1)
    )

  it.effect("S9: a source that is asked for more needs many turns to close: the permit goes back after it", () =>
    Effect.gen(function* () {
      let closed = false
      yield* left(async function* (signal) {
        try {
          yield "x"
          await new Promise((resolve) => signal.addEventListener("abort", resolve))
        } finally {
          await turns(5)
          closed = true
        }
      })
      expect([closed, yield* told]).toEqual([false, 0])
      yield* Effect.promise(() => turns(8))
      expect([closed, yield* told]).toEqual([true, 1])
    }).pipe(Effect.provide(counting))
  )

  it.effect("S9: one that is not asked for more is waited for", () =>
    Effect.gen(function* () {
      let closed = false
      yield* left(async function* () {
        try {
          while (true) yield "x"
        } finally {
          await turns(5)
          closed = true
        }
      })
      expect([closed, yield* told]).toEqual([true, 1])
    }).pipe(Effect.provide(counting))
  )

  it.effect("S9: one that never closes holds the permit for 5 seconds, and its consumer no longer than that", () =>
    Effect.gen(function* () {
      yield* left(async function* () {
        yield "x"
        await never
      })
      expect(yield* told).toBe(0)
      yield* TestClock.adjust(4999)
      expect(yield* told).toBe(0)
      yield* TestClock.adjust(1)
      expect(yield* told).toBe(1)

      const fiber = yield* Effect.fork(
        left(async function* () {
          try {
            while (true) yield "x"
          } finally {
            await never
          }
        })
      )
      yield* Effect.promise(() => turns(5))
      yield* TestClock.adjust(5000)
      yield* fiber
      yield* TestClock.adjust(5000)
      expect(yield* told).toBe(2)
    }).pipe(Effect.provide(counting))
  )
})

describe("FiberRefs", () => {
  const ref = FiberRef.unsafeMake(0)

  it.effect("what a protected stream sets reaches its consumer, at each element and at its end", () =>
    Effect.gen(function* () {
      const bare = Stream.make(1, 2, 3).pipe(
        Stream.rechunk(1),
        Stream.tap((n) => FiberRef.set(ref, n)),
        Stream.concat(Stream.drain(Stream.fromEffect(FiberRef.set(ref, 4))))
      )
      const run = (stream: Stream.Stream<unknown, unknown, Resilience.Resilience>) =>
        Effect.gen(function* () {
          yield* FiberRef.set(ref, 0)
          const seen: Array<number> = []
          yield* Stream.runForEach(stream, () => Effect.map(FiberRef.get(ref), (n) => seen.push(n)))
          seen.push(yield* FiberRef.get(ref))
          yield* Stream.runDrain(Stream.take(stream, 2))
          seen.push(yield* FiberRef.get(ref))
          return seen
        })
      expect(yield* run(bare)).toEqual([1, 2, 3, 4, 2])
      expect(yield* run(Resilience.protectStream(bare, "a", { dialect }))).toEqual([1, 2, 3, 4, 2])
    }).pipe(Effect.provide(policies))
  )

  it.effect("what the consumer sets meanwhile stays, and so does its place in the logs", () =>
    Effect.gen(function* () {
      const bare = Stream.rechunk(Stream.make(1, 2, 3), 1)
      yield* FiberRef.set(ref, 0)
      const before = yield* FiberRef.get(FiberRef.currentLogAnnotations)
      yield* Stream.runForEach(Resilience.protectStream(bare, "a", { dialect }), (n) => FiberRef.set(ref, n))
      expect(yield* FiberRef.get(ref)).toBe(3)
      expect(yield* FiberRef.get(FiberRef.currentLogAnnotations)).toEqual(before)
    }).pipe(Effect.provide(policies))
  )
})

it.effect("S21: 150 s of reasoning before the first word are one attempt, unless the total limit says otherwise", () =>
  Effect.gen(function* () {
    let asked = 0
    const thought = { choices: [{ index: 0, delta: { reasoning_content: "hm" } }] }
    const said = { choices: [{ index: 0, delta: { content: "42" }, finish_reason: "stop" }] }
    const bare = Stream.suspend(() => {
      asked++
      const thoughts = Stream.mapEffect(Stream.range(1, 30), () => Effect.as(Effect.sleep("5 seconds"), thought))
      return Stream.concat(thoughts, Stream.make(said))
    })
    const fiber = yield* Effect.fork(Stream.runCollect(Resilience.protectStream(bare, "a")))
    yield* TestClock.adjust("150 seconds")
    expect((yield* fiber).length).toBe(31)
    expect(asked).toBe(1)

    const limited = yield* Effect.fork(
      Effect.flip(Stream.runDrain(Resilience.protectStream(bare, "a", { total: "60 seconds" })))
    )
    yield* TestClock.adjust("60 seconds")
    expect((yield* limited)._tag).toBe("TimedOut")
  }).pipe(Effect.provide(Resilience.layer({ retry: false, deadline: false })))
)
