import { readFileSync, writeFileSync } from "node:fs"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { SqlClient } from "@effect/sql"
import { LibsqlClient } from "@effect/sql-libsql"
import { describe, expect, it } from "@effect/vitest"
import {
  Cause,
  Clock,
  Context,
  Duration,
  Effect,
  Exit,
  FastCheck,
  Fiber,
  Layer,
  Logger,
  Metric,
  Queue,
  Scope,
  TestClock
} from "effect"
import { LlmCall, LlmError, Resilience, ResilienceEvent } from "effect-resilience"
import * as OperationLog from "effect-resilience/sql/OperationLog"
import * as OperationLogFile from "effect-resilience/sql/OperationLogFile"
import * as OperationStats from "effect-resilience/sql/OperationStats"
import { afterAll, beforeAll } from "vitest"
import { moneyOf } from "../../src/internal/load/price.js"
import { Fold } from "../../src/sql/internal/fold.js"
import { insertWhatFits } from "../../src/sql/internal/insert.js"
import { Pending } from "../../src/sql/internal/pending.js"
import type { Entry } from "../../src/sql/internal/rows.js"
import { everyEvent, secret } from "../events.js"
import { files } from "./databases.js"
import { flaky } from "./flaky.js"

const { ResilienceEvent: event } = ResilienceEvent

let folder: Awaited<ReturnType<typeof files>>
beforeAll(async () => {
  folder = await files()
})
afterAll(() => folder.stop())

/** A call that ended at this time, with one attempt that took so long. */
const ended = (call: number, at: number, millis = 1): ReadonlyArray<ResilienceEvent.ResilienceEvent> => {
  const about = { at, target: "acme/large", call, duration: Duration.millis(millis) }
  return [event.AttemptSucceeded({ ...about, attempt: 1 }), event.CallSucceeded({ ...about, attempts: 1 })]
}

const publish = (events: ReadonlyArray<ResilienceEvent.ResilienceEvent>) =>
  Effect.map(ResilienceEvent.ResilienceEvents, (hub) => {
    for (const event of events) hub.publish(event)
  })

const calls = (from: number, to: number, at = 0): ReadonlyArray<ResilienceEvent.ResilienceEvent> =>
  Array.from({ length: to - from + 1 }, (_, i) => ended(from + i, at)).flat()

const log = Effect.flatMap(OperationLog.OperationLog, (log) => log.status)

const flush = Effect.flatMap(OperationLog.OperationLog, (log) => log.flush)

const ask = <A, E>(question: (stats: OperationStats.OperationStats) => Effect.Effect<A, E>) =>
  Effect.flatMap(OperationStats.OperationStats, question)

const under = <R, E>(layer: Layer.Layer<R, E>) => Layer.provideMerge(layer, ResilienceEvent.layer())

const linesOf = () => {
  const lines: Array<string> = []
  const logger = Logger.make(({ logLevel, message }) => void lines.push(`${logLevel.label} ${message}`))
  return { lines, layer: Logger.replace(Logger.defaultLogger, logger) }
}

/** Lets what is not virtual come about: the driver's promises. */
const settle = Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 20)))

const collectGarbage = (): void => {
  setFlagsFromString("--expose-gc")
  runInNewContext("gc")()
}

describe("an operation log and its database", () => {
  it.effect("O4: a database that hangs keeps no call waiting, and has every row once it is well", () => {
    const { layer, state } = flaky(folder.path())
    const policies = Layer.merge(Resilience.layer(), OperationLog.layer().pipe(Layer.provide(layer)))
    return Effect.gen(function* () {
      state.mood = "hanging"
      let failures = 3
      const call = LlmCall.tryPromise({
        try: () =>
          failures-- > 0 ? Promise.reject(new LlmError.InvalidRequest({ message: "no" })) : Promise.resolve("42")
      }).pipe(Resilience.protect("acme/large"))
      const exits = yield* Effect.all(
        Array.from({ length: 50 }, () => Effect.exit(call)),
        { concurrency: 10 }
      )
      expect(exits.filter(Exit.isSuccess).length).toBe(47)
      // Not a moment has passed.
      expect(yield* Clock.currentTimeMillis).toBe(0)
      yield* TestClock.adjust("30 seconds")
      yield* settle
      expect(yield* log).toMatchObject({ pending: 100, written: 0, dropped: 0, failing: true })
      state.mood = "well"
      yield* TestClock.adjust("5 minutes")
      yield* settle
      yield* flush
      expect(yield* log).toEqual({ pending: 0, written: 100, dropped: 0, failing: false })
    }).pipe(Effect.provide(under(policies)))
  })

  it.effect("O4: what there is no room for is given up, oldest first, and the log itself says so", () => {
    const path = folder.path()
    const { layer, state } = flaky(path)
    const { layer: logger, lines } = linesOf()
    const dropped = Metric.counter("llm_operation_log_rows_total", {
      description: "Rows of the operation log: written, or dropped since the database did not take them in time",
      incremental: true
    }).pipe(Metric.tagged("outcome", "dropped"))
    return Effect.gen(function* () {
      const before = (yield* Metric.value(dropped)).count
      const events = yield* ResilienceEvent.subscribe
      state.mood = "full"
      yield* publish(calls(1, 100))
      yield* TestClock.adjust("10 minutes")
      yield* settle
      // Tried more and more seldom.
      const failed = Array.from(yield* Queue.takeAll(events)).filter(({ _tag }) => _tag === "StoreFailed")
      expect(failed.length).toBeGreaterThan(5)
      expect(failed.length).toBeLessThan(20)
      expect(failed[0]).toMatchObject({ target: "operation log", policy: "operationLog" })
      yield* publish(calls(101, 200))
      state.mood = "well"
      yield* TestClock.adjust("2 minutes")
      yield* settle
      const status = yield* log
      expect(status).toEqual({ pending: 0, written: 30, dropped: 370, failing: false })
      expect((yield* Metric.value(dropped)).count - before).toBe(370)
      expect(lines).toEqual([
        "WARN The operation log cannot be written (SQLITE_FULL); calls go on without it, and up to 20 rows are kept until it can",
        "INFO The operation log is written again; 370 rows of it are lost so far"
      ])
      const summary = yield* Effect.provide(
        ask((stats) => stats.summary()),
        OperationLogFile.layerStats({ path })
      )
      expect(summary).toMatchObject({ droppedRows: 370 })
    }).pipe(
      Effect.scoped,
      Effect.provide(under(OperationLog.layer({ capacity: 20, batchSize: 10 }).pipe(Layer.provide(layer)))),
      Effect.provide(logger)
    )
  })

  it.effect("the scope writes what is left, and waits for a database that hangs no longer than it may", () =>
    Effect.gen(function* () {
      const path = folder.path()
      const { layer, state } = flaky(path)
      const closing = (mood: typeof state.mood) =>
        Effect.gen(function* () {
          state.mood = "well"
          const scope = yield* Scope.make()
          const opened = yield* Layer.buildWithScope(under(OperationLog.layer().pipe(Layer.provide(layer))), scope)
          yield* Effect.provide(publish(calls(1, 5)), opened)
          state.mood = mood
          const closed = yield* Effect.fork(Scope.close(scope, Exit.void))
          yield* settle
          const isDone = (yield* Fiber.poll(closed))._tag === "Some"
          yield* TestClock.adjust("5 seconds")
          yield* settle
          expect((yield* Fiber.poll(closed))._tag).toBe("Some")
          return isDone
        })
      expect(yield* closing("well")).toBe(true)
      const { layer: logger, lines } = linesOf()
      expect(yield* Effect.provide(closing("hanging"), logger)).toBe(false)
      expect(lines.join()).toContain("closed without 10 rows")
      const summary = yield* Effect.provide(
        ask((stats) => stats.summary()),
        OperationLogFile.layerStats({ path })
      )
      expect(summary).toMatchObject({ runs: 2, calls: 5 })
    })
  )

  it.effect("two processes write to one file; one that holds it for a while delays the other", () =>
    Effect.gen(function* () {
      const path = folder.path()
      const one = yield* Layer.build(Layer.fresh(under(OperationLogFile.layer({ path }))))
      const other = yield* Layer.build(Layer.fresh(under(OperationLogFile.layer({ path }))))
      yield* Effect.provide(publish(calls(1, 3)), one)
      yield* Effect.provide(publish(calls(1, 4)), other)
      const holding = yield* Effect.provide(
        SqlClient.SqlClient,
        yield* Layer.build(LibsqlClient.layer({ url: `file:${encodeURI(path)}` }))
      )
      yield* holding`BEGIN IMMEDIATE`
      const error = yield* Effect.flip(Effect.provide(flush, one))
      expect(error).toMatchObject({
        _tag: "OperationLogError",
        message: "The operation log cannot be written: SQLITE_BUSY"
      })
      yield* holding`COMMIT`
      yield* Effect.provide(flush, one)
      yield* Effect.provide(flush, other)
      const summary = yield* Effect.provide(
        ask((stats) => stats.summary()),
        other
      )
      expect(summary).toMatchObject({ runs: 2, calls: 7, operations: 7, droppedRows: 0 })
    }).pipe(Effect.scoped)
  )

  it.effect("a connection that commits nothing since it was busy is found out, and no row is lost", () => {
    const path = folder.path()
    const connection = LibsqlClient.layer({ url: `file:${encodeURI(path)}` })
    const { layer: logger, lines } = linesOf()
    return Effect.gen(function* () {
      const other = yield* Effect.provide(SqlClient.SqlClient, yield* Layer.build(Layer.fresh(connection)))
      yield* publish(calls(1, 3))
      yield* flush
      yield* other`BEGIN IMMEDIATE`
      yield* publish(calls(4, 6))
      expect(yield* Effect.flip(flush)).toMatchObject({ message: expect.stringContaining("SQLITE_BUSY") })
      yield* other`COMMIT`
      expect(yield* Effect.flip(flush)).toMatchObject({
        message: "The operation log cannot be written: NOT_COMMITTED"
      })
      expect(yield* log).toEqual({ pending: 6, written: 6, dropped: 0, failing: true })
      expect(lines.at(-1)).toMatch(/^WARN .* has committed nothing .* OperationLogFile does$/)
      // The statement that was left open is collected at some time, and takes with it what it has kept from being written.
      collectGarbage()
      yield* settle
      yield* flush
      const [counted] = yield* other`SELECT COUNT(*) AS calls FROM llm_calls`
      expect(counted).toEqual({ calls: 6 })
    }).pipe(
      Effect.scoped,
      Effect.provide(under(OperationLog.layer().pipe(Layer.provide(connection)))),
      Effect.provide(logger)
    )
  })

  it.effect("a row that the database refuses is given up alone", () =>
    Effect.gen(function* () {
      const path = folder.path()
      yield* Layer.build(under(OperationLogFile.layer({ path })))
      const sql = yield* Effect.provide(
        SqlClient.SqlClient,
        yield* Layer.build(LibsqlClient.layer({ url: `file:${encodeURI(path)}` }))
      )
      const entries: Array<Entry> = []
      const fold = new Fold("run", new Map(), (entry) => entries.push(entry))
      for (const event of calls(1, 20)) fold.see(event)
      const bad = entries.map((entry, at) =>
        at % 13 === 5 ? ({ ...entry, row: { ...entry.row, target: null } } as unknown as Entry) : entry
      )
      let refused = 0
      yield* insertWhatFits(sql, bad, (rows) => {
        refused += rows
      })
      // Once more, as after a failure of which nobody knows.
      yield* insertWhatFits(sql, entries.slice(0, 5), () => {})
      const counted = yield* sql`SELECT (SELECT COUNT(*) FROM llm_calls) + (SELECT COUNT(*) FROM llm_attempts) AS rows`
      expect([refused, counted[0]?.rows]).toEqual([3, 37])
    }).pipe(Effect.scoped)
  )

  it.effect("rows go when they are too old or too many, and the newest stay", () =>
    Effect.gen(function* () {
      const path = folder.path()
      const day = 86_400_000
      yield* TestClock.setTime(100 * day)
      const run = (options: OperationLog.Options, events: ReadonlyArray<ResilienceEvent.ResilienceEvent>) =>
        publish(events).pipe(
          Effect.zipRight(flush),
          Effect.zipRight(ask((stats) => stats.summary())),
          Effect.provide(Layer.fresh(under(OperationLogFile.layer({ path, ...options }))))
        )
      const old = Array.from({ length: 50 }, (_, i) => ended(i + 1, (50 + i) * day)).flat()
      expect(yield* run({ keepFor: "10 days" }, old)).toMatchObject({ calls: 10, from: 90 * day - 1 })
      expect(yield* run({ keepRows: 25 }, calls(1, 1_200, 100 * day))).toMatchObject({ calls: 25, attempts: 25 })
      expect(yield* run({ keepFor: Infinity, keepRows: Infinity }, calls(1, 5, day))).toMatchObject({ calls: 30 })
    })
  )

  it.effect("holds no words of a provider, no key and no prompt of any event", () =>
    Effect.gen(function* () {
      const path = folder.path()
      yield* Effect.zipRight(publish(everyEvent), flush).pipe(Effect.provide(under(OperationLogFile.layer({ path }))))
      const bytes = readFileSync(path, "latin1")
      // Not `toContain`, which would print the file.
      expect([everyEvent[0]?.target ?? "", secret, "you said"].map((words) => bytes.includes(words))).toEqual([
        true,
        false,
        false
      ])
    })
  )

  it.effect("names that no database takes are kept in a form that it does", () =>
    Effect.gen(function* () {
      const path = folder.path()
      const about = { at: 0, target: `a/\u0000\ud800${"x".repeat(500)}`, call: 1, duration: Duration.infinity }
      yield* publish([event.CallSucceeded({ ...about, attempts: 1, correlation: "\u0000" })]).pipe(
        Effect.zipRight(flush),
        Effect.zipRight(log),
        Effect.map((status) => expect(status).toMatchObject({ written: 1, dropped: 0 })),
        Effect.provide(under(OperationLogFile.layer({ path })))
      )
    })
  )
})

describe("opening a log", () => {
  const refusal = (layer: Layer.Layer<never, OperationLog.OperationLogError>) =>
    Effect.map(Effect.flip(Effect.scoped(Layer.build(layer))), ({ message, reason }) => [
      reason,
      message.replace(/^.*: (?=T)/, "")
    ])

  const stats = (path: string) => Layer.discard(OperationLogFile.layerStats({ path }))

  it.effect(
    "a file that is missing, of another program, empty or of a newer release is told apart, and left as it is",
    () =>
      Effect.gen(function* () {
        const words = folder.path()
        writeFileSync(words, "These are words and no database.\n".repeat(50))
        const empty = folder.path()
        writeFileSync(empty, "")
        const newer = folder.path()
        yield* Effect.scoped(Layer.build(under(OperationLogFile.layer({ path: newer }))))
        yield* Effect.flatMap(
          SqlClient.SqlClient,
          (sql) => sql`INSERT INTO llm_log_migrations ${sql.insert({ migration_id: 99, name: "future" })}`
        ).pipe(Effect.provide(LibsqlClient.layer({ url: `file:${encodeURI(newer)}` })))
        expect(yield* refusal(stats(folder.path()))).toEqual(["missing", "There is no such file"])
        expect(yield* refusal(stats(words))).toEqual(["foreign", "The operation log cannot be opened: SQLITE_NOTADB"])
        expect(yield* refusal(stats(empty))).toEqual(["foreign", "There is no operation log in this database"])
        expect((yield* refusal(stats(newer)))[0]).toBe("newer")
        expect(yield* refusal(stats("/"))).toEqual(["database", "The operation log cannot be opened: SQLITE_CANTOPEN"])
        const log = (path: string) => Layer.discard(under(OperationLogFile.layer({ path })))
        expect((yield* refusal(log(words)))[0]).toBe("foreign")
        expect((yield* refusal(log(newer)))[0]).toBe("newer")
        expect((yield* refusal(log("/no/such/folder/x.db")))[0]).toBe("database")
        expect(readFileSync(words, "utf8")).toMatch(/^These are words/)
        expect(readFileSync(empty, "utf8")).toBe("")
      })
  )

  it.effect("options that are none are refused by name", () =>
    Effect.gen(function* () {
      const words = (options: object) =>
        Effect.map(
          Effect.exit(Effect.scoped(Layer.build(under(OperationLogFile.layer({ path: folder.path(), ...options }))))),
          (exit) => (Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "opened")
        )
      expect(yield* words({ keepfor: "1 day" })).toContain('no option "keepfor"')
      for (const [name, value] of [
        ["interval", 0],
        ["batchSize", 1_001],
        ["capacity", 0],
        ["writeTimeout", Infinity],
        ["closeTimeout", "soon"],
        ["keepFor", 0],
        ["keepRows", 0.5],
        ["path", ":memory:"],
        ["prices", { gpt: { input: -1, output: 1 } }]
      ] as const) {
        expect(yield* words({ [name]: value })).toContain(name)
      }
      const grouped = yield* Effect.exit(
        Effect.provide(
          ask((stats) => stats.retries({ by: "day" as never })),
          under(OperationLogFile.layer({ path: folder.path() }))
        )
      )
      expect(Exit.isFailure(grouped) && Cause.pretty(grouped.cause)).toContain(
        'by is "day", and has to be provider or target'
      )
      const asked = (period: object) =>
        Effect.map(
          Effect.exit(
            Effect.provide(
              ask((stats) => stats.failures(period)),
              under(OperationLogFile.layer({ path: folder.path() }))
            )
          ),
          (exit) => (Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "answered")
        )
      expect(yield* asked({ since: "soon" })).toContain('since is "soon"')
      expect(yield* asked({ since: 5, until: 3 })).toContain("until is 3, and has to be no earlier than since")
      expect(yield* asked({ every: 0 })).toContain("every is 0")
      expect(yield* asked({ sinse: 0 })).toContain('no option "sinse"')
    })
  )

  it.effect("a log that cannot hear anything says so", () =>
    Effect.gen(function* () {
      const { layer, lines } = linesOf()
      yield* Effect.scoped(Layer.build(OperationLogFile.layer({ path: folder.path() }))).pipe(Effect.provide(layer))
      expect(lines.join()).toContain("No events will come")
    })
  )
})

describe("the parts of a log", () => {
  it("what waits is what was added last, whatever is taken in between", () =>
    FastCheck.assert(
      FastCheck.property(
        FastCheck.integer({ min: 1, max: 5 }),
        FastCheck.array(FastCheck.integer({ min: -4, max: 7 }), { maxLength: 20 }),
        (capacity, steps) => {
          let lost = 0
          const pending = new Pending(capacity, () => void lost++)
          const model: Array<number> = []
          let added = 0
          const entry = (at: number) => ({ table: "llm_circuit_changes", row: { at } }) as unknown as Entry
          for (const step of steps) {
            if (step <= 0) {
              const taken = pending.take(-step).map(({ row }) => (row as { at: number }).at)
              expect(taken).toEqual(model.splice(0, -step))
            } else {
              for (let i = 0; i < step; i++) {
                pending.add(entry(++added))
                model.push(added)
              }
              model.splice(0, Math.max(0, model.length - capacity))
            }
            expect(pending.size).toBe(model.length)
          }
          expect(pending.dropped).toBe(lost)
        }
      )
    ))

  it.effect("p50 and p95 are the nearest ranks of the answers", () =>
    Effect.gen(function* () {
      const context = yield* Layer.build(under(OperationLogFile.layer({ path: folder.path() })))
      const sql = Context.get(context, OperationStats.OperationStats)
      let call = 0
      let at = 0
      for (const durations of FastCheck.sample(
        FastCheck.array(FastCheck.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 60 }),
        { numRuns: 25, seed: 7 }
      )) {
        at += 10
        yield* Effect.provide(
          Effect.zipRight(publish(durations.flatMap((millis) => ended(++call, at, millis))), flush),
          context
        )
        const [answer] = yield* sql.slowest({ since: at, until: at + 1 })
        const sorted = durations.toSorted((a, b) => a - b)
        const rank = (percent: number) => sorted[Math.ceil((percent * sorted.length) / 100) - 1]
        expect(answer).toMatchObject({ answers: sorted.length, p50: rank(50), p95: rank(95), max: sorted.at(-1) })
      }
    }).pipe(Effect.scoped)
  )

  it("remembers no more calls than it may, and tells of one that it has forgotten all the same", () => {
    const entries: Array<Entry> = []
    const fold = new Fold("run", new Map([["m", moneyOf("test", "price", { input: 1, output: 1 })]]), (entry) =>
      entries.push(entry)
    )
    const error = new LlmError.ServerError({ message: "no" })
    const about = (call: number) => ({ at: 0, target: "a", call, attempt: 2, operation: call, error })
    for (let call = 1; call <= 30_000; call++) {
      fold.see(event.AttemptStarted({ at: 0, target: "a", call, attempt: 1, operation: call }))
      fold.see(event.RetryScheduled({ ...about(call), wait: Duration.seconds(1) }))
    }
    const held = fold as unknown as { courses: Map<number, unknown>; operations: { known: Map<number, unknown> } }
    expect(held.courses.size).toBe(10_000)
    expect(held.operations.known.size).toBe(10_000)
    const ended = (call: number) =>
      fold.see(
        event.CallSucceeded({ at: 1, target: "b", call, operation: call, attempts: 2, duration: Duration.millis(1) })
      )
    ended(1)
    ended(30_000)
    expect(entries.map(({ row }) => row)).toMatchObject([
      { call: 1, waited_ms: 0, first_target: "b" },
      { call: 30_000, waited_ms: 1_000, first_target: "a" }
    ])
  })
})
