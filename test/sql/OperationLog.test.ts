import { SqlClient } from "@effect/sql"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { ResilienceEvent } from "effect-resilience"
import * as OperationLog from "effect-resilience/sql/OperationLog"
import * as OperationStats from "effect-resilience/sql/OperationStats"
import { afterAll, beforeAll } from "vitest"
import { expected, layer, scriptedRun, targetOf } from "../scriptedRun.js"
import { type Database, type Databases, files, servers } from "./databases.js"
import { isInstalled } from "./postgres.js"

const run = "log"

/** The scripted run, told to a log. */
const scripted = (database: Database, options?: OperationLog.Options) =>
  Effect.flatMap(OperationLog.OperationLog, (log) =>
    Effect.zipRight(Effect.provide(scriptedRun(run), layer(run)), log.flush)
  ).pipe(
    Effect.provide(database.log({ prices: { "large-2025-01": { input: 2, output: 10, cachedInput: 1 } }, ...options })),
    Effect.provide(ResilienceEvent.layer())
  )

const ask = <A, E>(database: Database, question: (stats: OperationStats.OperationStats) => Effect.Effect<A, E>) =>
  Effect.provide(Effect.flatMap(OperationStats.OperationStats, question), database.stats)

const query = (database: Database, statement: string) =>
  Effect.provide(
    Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe<Record<string, unknown>>(statement)),
    database.client
  )

const sum = (counts: Readonly<Record<string, number>>, name: RegExp): number =>
  Object.entries(counts).reduce((all, [key, count]) => all + (name.test(key) ? count : 0), 0)

describe.each([
  { name: "SQLite", start: files, isThere: true },
  { name: "Postgres", start: servers, isThere: isInstalled }
])("a log in $name", ({ isThere, start }) => {
  let databases: Databases
  let whole: Database
  beforeAll(async () => {
    if (!isThere) return
    databases = await start()
    whole = await databases.fresh()
  })
  afterAll(() => databases?.stop())

  describe.skipIf(!isThere)("of the scripted run", () => {
    it.effect("has everything, with the right numbers", () =>
      Effect.gen(function* () {
        yield* scripted(whole)
        const { attempts, calls } = expected
        const counts = Object.fromEntries(Object.entries(attempts).map(([name, { count }]) => [name, count]))
        expect(yield* ask(whole, (stats) => stats.summary())).toEqual({
          runs: 1,
          droppedRows: 0,
          from: 0,
          to: expect.any(Number),
          // A hedge and a fallback are two calls each.
          operations: sum(calls, /./) - 2 + 1,
          calls: sum(calls, /./),
          succeeded: sum(calls, /success/),
          failed: sum(calls, /Error|Open|StreamInterrupted/),
          interrupted: sum(calls, /interrupted/),
          attempts: sum(counts, /./),
          retries: sum(expected.retries, /./),
          hedges: expected.hedges["quick started"],
          hedgesWon: expected.hedges["quick won"],
          fallbacks: expected.fallbacks["up taken"],
          lastAnswers: 0,
          cacheHits: expected.cache.fresh,
          cacheStale: 0,
          cacheCoalesced: 0
        })
      })
    )

    it.effect("tells who was retried how often, by target and by provider", () =>
      Effect.gen(function* () {
        const [first, second, ...others] = yield* ask(whole, (stats) => stats.retries())
        expect(first).toEqual({
          name: targetOf(run, "retries"),
          calls: 1,
          attempts: 3,
          averageRetries: 2,
          maxRetries: 2,
          retried: 1,
          rescued: 1,
          waited: expected.retryWaits.retries.seconds * 1_000
        })
        expect(second).toMatchObject({ name: targetOf(run, "parked"), averageRetries: 1, maxRetries: 1, waited: 5_000 })
        expect(others.every(({ maxRetries }) => maxRetries === 0)).toBe(true)
        const byProvider = yield* ask(whole, (stats) => stats.retries({ by: "provider" }))
        // 18 attempts of 15 calls: one of 16 was not sent at all.
        expect(byProvider).toEqual([
          {
            name: run,
            calls: 16,
            attempts: 18,
            averageRetries: 3 / 15,
            maxRetries: 2,
            retried: 2,
            rescued: 2,
            waited: 8_000
          }
        ])
      })
    )

    it.effect("tells what failed when, attempts and calls", () =>
      Effect.gen(function* () {
        const failures = yield* ask(whole, (stats) => stats.failures({ every: "1 day" }))
        expect(
          failures.map(({ attempts, calls, from, tag, target }) => [from, target.split("/")[1], tag, attempts, calls])
        ).toEqual([
          [0, "circuit", "ServerError", 3, 3],
          [0, "retries", "ServerError", 2, 0],
          [0, "broken", "StreamInterrupted", 1, 1],
          [0, "down", "ServerError", 1, 1],
          [0, "parked", "RateLimited", 1, 0],
          [0, "circuit", "CircuitOpen", 0, 1]
        ])
        const each = yield* ask(whole, (stats) => stats.failures({ every: "1 second" }))
        expect(each.filter(({ target }) => target === targetOf(run, "retries"))).toEqual([
          { from: 0, target: targetOf(run, "retries"), tag: "ServerError", attempts: 1, calls: 0 },
          { from: 2_000, target: targetOf(run, "retries"), tag: "ServerError", attempts: 1, calls: 0 }
        ])
      })
    )

    it.effect("tells of circuits and parked targets", () =>
      Effect.gen(function* () {
        expect(yield* ask(whole, (stats) => stats.openings())).toEqual([
          {
            target: targetOf(run, "circuit"),
            opened: expected.openings.circuit,
            closed: 1,
            isolated: 0,
            parked: 0,
            lastOpened: expect.any(Number),
            longest: 10_000
          },
          {
            target: targetOf(run, "parked"),
            opened: 0,
            closed: 0,
            isolated: 0,
            parked: 1,
            lastOpened: null,
            longest: 5_000
          }
        ])
      })
    )

    it.effect("tells who is slow", () =>
      Effect.gen(function* () {
        const slowest = yield* ask(whole, (stats) => stats.slowest())
        expect(slowest[0]).toEqual({
          target: targetOf(run, "queue"),
          answers: 2,
          p50: 1_000,
          p95: 1_000,
          max: 1_000,
          firstTokenP50: null,
          firstTokenP95: null
        })
        expect(slowest.map(({ p95 }) => p95)).toEqual([1_000, 750, 500, 500, 250, 250, 250])
      })
    )

    it.effect("tells tokens and cost by model, at least as far as answers have said, and what was wasted", () =>
      Effect.gen(function* () {
        const usage = yield* ask(whole, (stats) => stats.usage())
        const { answer, cutOff } = expected.tokens
        const [large, ...others] = usage
        const cost = (60 * 2 + 40 * 1 + 20 * 10) / 1_000_000
        expect(large).toEqual({
          model: "large-2025-01",
          attempts: 10,
          inputTokens: 8 * answer.inputTokens + 2 * cutOff.inputTokens,
          outputTokens: 8 * answer.outputTokens + 2 * cutOff.outputTokens,
          cachedInputTokens: 8 * answer.cachedInputTokens,
          wastedTokens: 2 * (cutOff.inputTokens + cutOff.outputTokens),
          cost: expect.closeTo(8 * cost + 2 * ((50 * 2 + 2 * 10) / 1_000_000), 12),
          // The streams that were cut off.
          unknown: 2
        })
        // O3: nobody knows what the loser of a hedge has cost.
        expect(others.find(({ model }) => model === "slow")).toMatchObject({
          cost: null,
          unknown: 1
        })
      })
    )

    it.effect("tells who answered in whose place, and why", () =>
      Effect.gen(function* () {
        expect(yield* ask(whole, (stats) => stats.answeredByOthers())).toEqual(
          [
            {
              first: targetOf(run, "down"),
              answeredBy: targetOf(run, "up"),
              source: "target",
              because: "ServerError",
              answers: 1
            },
            { first: run, answeredBy: run, source: "cache", because: null, answers: 1 },
            {
              first: targetOf(run, "slow"),
              answeredBy: targetOf(run, "quick"),
              source: "target",
              because: "slow",
              answers: 1
            }
          ].sort((a, b) => (a.first < b.first ? -1 : 1))
        )
      })
    )

    it.effect("keeps whom a call was made for, how long it waited, and what it was told", () =>
      Effect.gen(function* () {
        const calls = yield* query(
          whole,
          "SELECT target, waited_ms, queued_ms FROM llm_calls WHERE correlation = 'job-1'"
        )
        expect(calls).toEqual([{ target: targetOf(run, "retries"), waited_ms: 3_000, queued_ms: 0 }])
        const queued = yield* query(whole, "SELECT queued_ms FROM llm_calls WHERE queued_ms > 0")
        expect(queued).toEqual([{ queued_ms: 1_000 }])
        const attempts = yield* query(
          whole,
          `SELECT attempt, outcome, wait_ms, status, request_id FROM llm_attempts
            WHERE target = '${targetOf(run, "retries")}' ORDER BY attempt`
        )
        expect(attempts).toEqual([
          { attempt: 1, outcome: "ServerError", wait_ms: 0, status: 500, request_id: "req_1" },
          { attempt: 2, outcome: "ServerError", wait_ms: 1_000, status: 500, request_id: "req_1" },
          { attempt: 3, outcome: "success", wait_ms: 2_000, status: null, request_id: null }
        ])
        const streams = yield* query(whole, "SELECT first_token_ms FROM llm_attempts WHERE first_token_ms IS NOT NULL")
        expect(streams).toEqual([{ first_token_ms: 2_000 }, { first_token_ms: 2_000 }])
      })
    )

    it.effect("answers about a time alone", () =>
      Effect.gen(function* () {
        const none = yield* ask(whole, (stats) => stats.summary({ since: new Date("2030-01-01") }))
        expect(none).toMatchObject({ calls: 0, from: null, to: null })
        const some = yield* ask(whole, (stats) => stats.summary({ since: 0, until: 5_000 }))
        expect(some).toMatchObject({ calls: 1, succeeded: 1, retries: 2 })
      })
    )
  })
})
