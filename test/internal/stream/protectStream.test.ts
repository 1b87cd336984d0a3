import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Option, Ref, Schedule, Stream, TestClock } from "effect"
import { LlmError, type StreamDialect } from "effect-resilience"
import * as Dialects from "effect-resilience/StreamDialect"
import { protectStream, type StreamOptions } from "../../../src/internal/stream/protectStream.js"
import { Restarted } from "../../../src/internal/stream/restarted.js"
import type { Target } from "../../../src/internal/target.js"
import { targetMetrics } from "../../../src/internal/targetMetrics.js"

const target = (options: Partial<Target> = {}): Target => ({
  name: "a",
  deadline: undefined,
  attemptMillis: Infinity,
  retry: Schedule.recurs(1),
  retryWithOthers: Schedule.recurs(1),
  budget: undefined,
  attemptCircuit: undefined,
  callCircuit: undefined,
  metrics: targetMetrics("a"),
  hub: { listening: () => false, publish: () => {}, subscribe: Effect.never },
  ...options
})

interface El {
  readonly text?: string
  readonly end?: boolean
  readonly role?: boolean
  readonly think?: boolean
}

const dialect: StreamDialect.StreamDialect<El> = Dialects.make<El>({
  content: (e) => (e.text ?? "") !== "",
  text: (e) => e.text,
  end: (e) => e.end ?? false,
  reasoning: (e) => e.think ?? false
})
const defaults: StreamOptions<El> = {
  dialect,
  delivery: "incremental",
  reasoning: "ignored",
  malformed: "skip",
  buffer: { elements: 1000, characters: 1e6 },
  limits: { firstToken: Infinity, idle: Infinity, total: Infinity, settle: 1000 }
}
const t = (text: string): El => ({ text })
const end: El = { end: true }
const role: El = { role: true }
const boom = new LlmError.ServerError({})

const attempts = (...streams: Array<Stream.Stream<El, LlmError.LlmError>>) => {
  let n = 0
  return { stream: Stream.suspend(() => streams[Math.min(n++, streams.length - 1)]!), count: () => n }
}
const collect = (stream: Stream.Stream<El | Restarted, unknown>) => {
  const seen: Array<string> = []
  return Stream.runForEach(stream, (e) =>
    Effect.sync(() => {
      seen.push(e instanceof Restarted ? "!" : e.role ? "role" : e.end ? "end" : e.think ? "think" : (e.text ?? ""))
    })
  ).pipe(
    Effect.either,
    Effect.map((r) => ({
      seen: seen.join(" "),
      error: r._tag === "Left" ? (r.left as LlmError.StreamInterrupted) : undefined
    }))
  )
}

describe("protectStream", () => {
  it.effect("basic", () =>
    Effect.gen(function* () {
      const a = attempts(Stream.make(role, t("x"), t("y"), end))
      expect(yield* collect(protectStream(target(), defaults, a.stream))).toEqual({
        seen: "role x y end",
        error: undefined
      })
      expect(a.count()).toBe(1)
    })
  )
  it.effect("S1", () =>
    Effect.gen(function* () {
      const a = attempts(Stream.concat(Stream.make(role), Stream.fail(boom)), Stream.make(role, t("x"), end))
      expect(yield* collect(protectStream(target(), defaults, a.stream))).toEqual({
        seen: "role x end",
        error: undefined
      })
    })
  )
  it.effect("S2/S3", () =>
    Effect.gen(function* () {
      const cut = Stream.concat(Stream.make(role, t("x")), Stream.fail(boom))
      const a = attempts(cut)
      const r = yield* collect(protectStream(target(), defaults, a.stream))
      expect(r.error).toBeInstanceOf(LlmError.StreamInterrupted)
      expect(r.error?.partial).toBe("x")
      expect(a.count()).toBe(1)
      const b = attempts(cut)
      const r2 = yield* collect(protectStream(target(), { ...defaults, delivery: "restartable" }, b.stream))
      expect(r2.seen).toBe("role x ! role x")
      expect(r2.error?._tag).toBe("StreamInterrupted")
      expect(b.count()).toBe(2)
      const c = attempts(cut, Stream.make(role, t("z"), end))
      const r3 = yield* collect(protectStream(target(), { ...defaults, delivery: "buffered" }, c.stream))
      expect(r3).toEqual({ seen: "role z end", error: undefined })
      const d = attempts(cut)
      const r4 = yield* collect(protectStream(target(), { ...defaults, delivery: "buffered" }, d.stream))
      expect(r4).toEqual({ seen: "", error: boom })
    })
  )
  it.effect("S4", () =>
    Effect.gen(function* () {
      const r = yield* collect(protectStream(target(), defaults, Stream.make(role, t("x"))))
      expect(r.error?._tag).toBe("StreamInterrupted")
      const r2 = yield* collect(protectStream(target(), defaults, Stream.make(role)))
      expect(r2.error?._tag).toBe("MalformedResponse")
    })
  )
  it.effect("timeouts", () =>
    Effect.gen(function* () {
      const limits = { ...defaults.limits, firstToken: 1000, idle: 500 }
      const slow = Stream.concat(Stream.make(role), Stream.never)
      const f = yield* Effect.fork(collect(protectStream(target(), { ...defaults, limits }, slow)))
      yield* TestClock.adjust(1999)
      expect(Option.isNone(yield* Fiber.poll(f))).toBe(true)
      yield* TestClock.adjust(1)
      const r = yield* Fiber.join(f)
      expect(r.error).toMatchObject({ _tag: "TimedOut", phase: "firstToken" })
      const idle = Stream.concat(Stream.fromIterable([role, t("x")]), Stream.never)
      const f2 = yield* Effect.fork(collect(protectStream(target(), { ...defaults, limits }, idle)))
      yield* TestClock.adjust(499)
      expect(Option.isNone(yield* Fiber.poll(f2))).toBe(true)
      yield* TestClock.adjust(1)
      expect((yield* Fiber.join(f2)).error).toMatchObject({ _tag: "StreamInterrupted" })
    })
  )
  it.effect("take", () =>
    Effect.gen(function* () {
      const ref = yield* Ref.make<Array<string>>([])
      const src = Stream.acquireRelease(Effect.void, (_, exit) => Ref.update(ref, (x) => [...x, exit._tag])).pipe(
        Stream.flatMap(() => Stream.repeatValue(t("x")))
      )
      yield* Stream.runDrain(Stream.take(protectStream(target(), defaults, src), 3))
      expect(yield* ref).toEqual(["Success"])
      const f = yield* Effect.fork(
        Stream.runDrain(
          protectStream(
            target(),
            defaults,
            Stream.concat(
              Stream.take(src, 2),
              Stream.ensuring(
                Stream.never,
                Ref.update(ref, (x) => [...x, "never"])
              )
            )
          )
        )
      )
      yield* TestClock.adjust(1)
      const exit = yield* Fiber.interrupt(f)
      expect(Exit.isInterrupted(exit)).toBe(true)
      expect(yield* ref).toEqual(["Success", "Success", "never"])
    })
  )
})
