/**
 * Asks an operation log (`sql/OperationLog`) afterwards: who was retried how often, what failed when, which circuits
 * opened, who is slow, what it cost, and who answered in whose place. Needs `@effect/sql`.
 *
 * @since 0.1.0
 */
import { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type { ParseError } from "effect/ParseResult"
import { finiteMillis, invalid } from "../internal/options/check.js"
import { type Names, refuseUnknown } from "../internal/options/names.js"
import type * as Answers from "./internal/answers.js"
import { questions, type Range } from "./internal/ask.js"
import { failed, OperationLogError } from "./internal/errors.js"
import { requireLog } from "./internal/present.js"

export {
  Failures,
  Latency,
  ModelUsage,
  Openings,
  Retries,
  Substitute,
  Summary
} from "./internal/answers.js"
export { OperationLogError } from "./internal/errors.js"

/**
 * Which calls are asked about: those that ended from `since` on and before `until`. Left out, all of them.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Period {
  readonly since?: DateTime.DateTime.Input | undefined
  readonly until?: DateTime.DateTime.Input | undefined
}

/**
 * @since 0.1.0
 * @category Symbols
 */
export const TypeId: unique symbol = Symbol.for("effect-resilience/OperationStats")

/**
 * @since 0.1.0
 * @category Symbols
 */
export type TypeId = typeof TypeId

type Asked<A> = Effect.Effect<A, OperationLogError>

/**
 * The questions. Each fails with `OperationLogError` if the database does not answer. A `since` that is no time, or an
 * option of another name, is a defect.
 *
 * @since 0.1.0
 * @category Models
 */
export interface OperationStats {
  readonly [TypeId]: TypeId
  /** All calls at a glance. */
  readonly summary: (period?: Period) => Asked<Answers.Summary>
  /** Average and maximum retries, by `target` (the default) or `provider`, most retried first. */
  readonly retries: (
    period?: Period & { readonly by?: "provider" | "target" | undefined }
  ) => Asked<ReadonlyArray<Answers.Retries>>
  /** Failures by tag and target over time, counted together for each `every`. Default 1 hour. */
  readonly failures: (
    period?: Period & { readonly every?: Duration.DurationInput | undefined }
  ) => Asked<ReadonlyArray<Answers.Failures>>
  /** What happened to circuits, most openings first. */
  readonly openings: (period?: Period) => Asked<ReadonlyArray<Answers.Openings>>
  /** How long targets take to answer, slowest `p95` first. */
  readonly slowest: (period?: Period) => Asked<ReadonlyArray<Answers.Latency>>
  /** Tokens and cost by model, dearest first. */
  readonly usage: (period?: Period) => Asked<ReadonlyArray<Answers.ModelUsage>>
  /** Answers that the first target did not give, most frequent first. */
  readonly answeredByOthers: (period?: Period) => Asked<ReadonlyArray<Answers.Substitute>>
}

/**
 * @since 0.1.0
 * @category Tags
 */
export const OperationStats: Context.Tag<OperationStats, OperationStats> = Context.GenericTag<OperationStats>(
  "effect-resilience/OperationStats"
)

const where = "OperationStats"

/** The last millisecond that a time of JavaScript can be. */
const lastMillis = 8.64e15

const periodNames: Names<Period> = { since: true, until: true }

const millisOf = (field: "since" | "until", input: DateTime.DateTime.Input): number =>
  Option.match(DateTime.make(input), {
    onNone: () => {
      throw invalid(where, field, input, "a time, such as a Date or 2026-11-28T12:00:00Z")
    },
    onSome: DateTime.toEpochMillis
  })

const rangeOf = <Option extends string>(period: Period | undefined, ...more: ReadonlyArray<Option>): Range => {
  if (period === undefined) return { since: -lastMillis, until: lastMillis }
  refuseUnknown(where, "", period, { ...periodNames, ...Object.fromEntries(more.map((name) => [name, true])) })
  const { since = -lastMillis, until = lastMillis } = period
  const range = { since: Math.floor(millisOf("since", since)), until: Math.floor(millisOf("until", until)) }
  if (range.until < range.since) throw invalid(where, "until", until, "no earlier than since")
  return range
}

const grouped = (by: "provider" | "target" = "target"): "provider" | "target" => {
  if (by === "provider" || by === "target") return by
  throw invalid(where, "by", by, "provider or target")
}

const answer = <A>(ask: () => Effect.Effect<A, SqlError | ParseError>): Asked<A> =>
  Effect.withTracerEnabled(Effect.suspend(ask), false).pipe(
    Effect.catchTag("SqlError", (error) => Effect.fail(failed("read")(error))),
    Effect.catchTag("ParseError", () =>
      Effect.fail(
        new OperationLogError({ reason: "foreign", message: "The operation log holds what is none of its rows" })
      )
    )
  )

/**
 * Asks the log in the database of the `SqlClient`. Fails with `OperationLogError` if there is none in it, or one of a newer
 * release.
 *
 * @example
 * ```ts
 * import { Console, Effect } from "effect"
 * import * as OperationStats from "effect-resilience/sql/OperationStats"
 *
 * export const report = Effect.gen(function* () {
 *   const stats = yield* OperationStats.OperationStats
 *   for (const { averageRetries, maxRetries, name } of yield* stats.retries({ since: new Date("2026-11-01") })) {
 *     yield* Console.log(`${name}: ${averageRetries} retries a call, at most ${maxRetries}`)
 *   }
 * })
 * ```
 *
 * @since 0.1.0
 * @category Constructors
 */
export const make: Effect.Effect<OperationStats, OperationLogError, SqlClient> = Effect.gen(function* () {
  yield* requireLog
  const ask = questions((yield* SqlClient).withoutTransforms())
  return {
    [TypeId]: TypeId,
    summary: (period) => answer(() => ask.summary(rangeOf(period))),
    retries: (period) => answer(() => ask.retries(rangeOf(period, "by"), grouped(period?.by))),
    failures: (period) =>
      answer(() => {
        const every = finiteMillis(where, "every", period?.every ?? "1 hour")
        if (every < 1) throw invalid(where, "every", period?.every, "at least a millisecond")
        return ask.failures(rangeOf(period, "every"), Math.floor(every))
      }),
    openings: (period) => answer(() => ask.openings(rangeOf(period))),
    slowest: (period) => answer(() => ask.slowest(rangeOf(period))),
    usage: (period) => answer(() => ask.usage(rangeOf(period))),
    answeredByOthers: (period) => answer(() => ask.answeredByOthers(rangeOf(period)))
  }
})

/**
 * The questions about the log in the database of the `SqlClient`.
 *
 * @since 0.1.0
 * @category Layers
 */
export const layer: Layer.Layer<OperationStats, OperationLogError, SqlClient> = Layer.effect(OperationStats, make)
