/**
 * The questions, in SQL that SQLite and Postgres both understand. Numbers are cast, since Postgres hands out its whole
 * numbers as text.
 *
 * @internal
 */
import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import type { Fragment } from "@effect/sql/Statement"
import * as Effect from "effect/Effect"
import type * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import * as Answers from "./answers.js"

/** Milliseconds since 1970, whole ones. @internal */
export interface Range {
  readonly since: number
  readonly until: number
}

type Asked<A> = Effect.Effect<A, SqlError | ParseResult.ParseError>

const read = <A, I>(row: Schema.Schema<A, I>, rows: Effect.Effect<ReadonlyArray<unknown>, SqlError>) =>
  Effect.flatMap(rows, Schema.decodeUnknown(Schema.Array(row)))

/** @internal */
export interface Questions {
  readonly summary: (range: Range) => Asked<Answers.Summary>
  readonly retries: (range: Range, by: "provider" | "target") => Asked<ReadonlyArray<Answers.Retries>>
  readonly failures: (range: Range, everyMillis: number) => Asked<ReadonlyArray<Answers.Failures>>
  readonly openings: (range: Range) => Asked<ReadonlyArray<Answers.Openings>>
  readonly slowest: (range: Range) => Asked<ReadonlyArray<Answers.Latency>>
  readonly usage: (range: Range) => Asked<ReadonlyArray<Answers.ModelUsage>>
  readonly answeredByOthers: (range: Range) => Asked<ReadonlyArray<Answers.Substitute>>
}

/** @internal */
export const questions = (sql: SqlClient): Questions => {
  const number = (what: Fragment, name: string) => sql`CAST(${what} AS DOUBLE PRECISION) AS ${sql.literal(`"${name}"`)}`
  const total = (what: Fragment, name: string) => number(sql`COALESCE(SUM(${what}), 0)`, name)
  const count = (condition: Fragment, name: string) => total(sql`CASE WHEN ${condition} THEN 1 ELSE 0 END`, name)
  const within = ({ since, until }: Range) => sql`ended_at >= ${since} AND ended_at < ${until}`
  const asked = (range: Range) => sql`source = 'target' AND ${within(range)}`

  const summary = (range: Range): Asked<Answers.Summary> =>
    Effect.gen(function* () {
      const runs = yield* sql`SELECT ${number(sql`COUNT(*)`, "runs")}, ${total(sql`dropped_rows`, "droppedRows")}
        FROM llm_log_runs WHERE run IN (SELECT run FROM llm_calls WHERE ${within(range)})
          OR (started_at >= ${range.since} AND started_at < ${range.until})`
      const calls = yield* sql`SELECT
          ${number(sql`MIN(ended_at - duration_ms)`, "from")},
          ${number(sql`MAX(ended_at)`, "to")},
          ${number(sql`COUNT(DISTINCT run || '/' || CAST(operation AS TEXT))`, "operations")},
          ${count(sql`source = 'target'`, "calls")},
          ${count(sql`source = 'target' AND outcome = 'success'`, "succeeded")},
          ${count(sql`source = 'target' AND outcome NOT IN ('success', 'interrupted')`, "failed")},
          ${count(sql`source = 'target' AND outcome = 'interrupted'`, "interrupted")},
          ${total(sql`attempts`, "attempts")},
          ${total(sql`retries`, "retries")},
          ${count(sql`hedge IS NOT NULL`, "hedges")},
          ${count(sql`hedge IS NOT NULL AND outcome = 'success'`, "hedgesWon")},
          ${count(sql`source = 'target' AND outcome = 'success' AND target <> first_target AND hedge IS NULL`, "fallbacks")},
          ${count(sql`source = 'lastAnswer'`, "lastAnswers")},
          ${count(sql`source = 'cache'`, "cacheHits")},
          ${count(sql`source = 'stale'`, "cacheStale")},
          ${count(sql`source = 'coalesced'`, "cacheCoalesced")}
        FROM llm_calls WHERE ${within(range)}`
      return yield* Schema.decodeUnknown(Answers.Summary)({ ...Object(runs[0]), ...Object(calls[0]) })
    })

  const retries = (range: Range, by: "provider" | "target"): Asked<ReadonlyArray<Answers.Retries>> => {
    const name = sql.literal(by)
    return read(
      Answers.Retries,
      sql`SELECT ${name} AS name,
          ${number(sql`COUNT(*)`, "calls")},
          ${total(sql`attempts`, "attempts")},
          ${number(sql`COALESCE(AVG(CASE WHEN attempts > 0 THEN CAST(retries AS DOUBLE PRECISION) END), 0)`, "averageRetries")},
          ${number(sql`MAX(retries)`, "maxRetries")},
          ${count(sql`retries > 0`, "retried")},
          ${count(sql`retries > 0 AND outcome = 'success'`, "rescued")},
          ${total(sql`waited_ms`, "waited")}
        FROM llm_calls WHERE ${asked(range)}
        GROUP BY ${name} ORDER BY 4 DESC, 3 DESC, 1`
    )
  }

  const failures = (range: Range, everyMillis: number): Asked<ReadonlyArray<Answers.Failures>> => {
    const every = sql.literal(String(everyMillis))
    const failed = sql`outcome NOT IN ('success', 'interrupted') AND ${within(range)}`
    return read(
      Answers.Failures,
      sql`SELECT ${number(sql`bucket`, "from")}, target, tag, ${total(sql`attempts`, "attempts")}, ${total(sql`calls`, "calls")}
        FROM (
          SELECT ended_at - ended_at % ${every} AS bucket, target, outcome AS tag, 1 AS attempts, 0 AS calls
            FROM llm_attempts WHERE ${failed}
          UNION ALL
          SELECT ended_at - ended_at % ${every} AS bucket, target, outcome AS tag, 0 AS attempts, 1 AS calls
            FROM llm_calls WHERE source = 'target' AND ${failed}
        ) AS failed
        GROUP BY bucket, target, tag ORDER BY bucket, 4 DESC, 5 DESC, target, tag`
    )
  }

  const openings = ({ since, until }: Range): Asked<ReadonlyArray<Answers.Openings>> =>
    read(
      Answers.Openings,
      sql`SELECT target,
          ${count(sql`to_state = 'open'`, "opened")},
          ${count(sql`to_state = 'closed'`, "closed")},
          ${count(sql`to_state = 'isolated'`, "isolated")},
          ${count(sql`to_state = 'parked'`, "parked")},
          ${number(sql`MAX(CASE WHEN to_state = 'open' THEN at END)`, "lastOpened")},
          ${number(sql`MAX(retry_after_ms)`, "longest")}
        FROM llm_circuit_changes WHERE at >= ${since} AND at < ${until}
        GROUP BY target ORDER BY 2 DESC, 5 DESC, 1`
    )

  /** The places of 50 and 95 of 100, nearest rank, of each target. */
  const percentiles = (range: Range, column: "duration_ms" | "first_token_ms") => {
    const value = sql.literal(column)
    const at = (percent: number) =>
      sql`MIN(CASE WHEN place * 100 >= ${sql.literal(String(percent))} * of_all THEN ${value} END)`
    return sql`SELECT target, ${number(sql`MAX(of_all)`, "answers")}, ${number(at(50), "p50")}, ${number(at(95), "p95")},
        ${number(sql`MAX(${value})`, "max")}
      FROM (
        SELECT target, ${value},
          ROW_NUMBER() OVER (PARTITION BY target ORDER BY ${value}) AS place,
          COUNT(*) OVER (PARTITION BY target) AS of_all
        FROM llm_attempts WHERE outcome = 'success' AND ${value} IS NOT NULL AND ${within(range)}
      ) AS ranked
      GROUP BY target ORDER BY 4 DESC, target`
  }

  const slowest = (range: Range): Asked<ReadonlyArray<Answers.Latency>> =>
    Effect.gen(function* () {
      const firsts = new Map((yield* percentiles(range, "first_token_ms")).map((row) => [row.target, row]))
      const answers = yield* percentiles(range, "duration_ms")
      return yield* Schema.decodeUnknown(Schema.Array(Answers.Latency))(
        answers.map((row) => {
          const first = firsts.get(row.target)
          return { ...row, firstTokenP50: first?.p50 ?? null, firstTokenP95: first?.p95 ?? null }
        })
      )
    })

  const usage = (range: Range): Asked<ReadonlyArray<Answers.ModelUsage>> =>
    read(
      Answers.ModelUsage,
      sql`SELECT COALESCE(answered_model, model, target) AS model,
          ${number(sql`COUNT(*)`, "attempts")},
          ${total(sql`input_tokens`, "inputTokens")},
          ${total(sql`output_tokens`, "outputTokens")},
          ${total(sql`cached_input_tokens`, "cachedInputTokens")},
          ${total(sql`CASE WHEN outcome <> 'success' THEN COALESCE(input_tokens, 0) + COALESCE(output_tokens, 0) END`, "wastedTokens")},
          ${number(sql`SUM(cost)`, "cost")},
          ${total(sql`untold`, "unknown")}
        FROM llm_attempts WHERE ${within(range)}
        GROUP BY COALESCE(answered_model, model, target) ORDER BY SUM(cost) DESC NULLS LAST, 3 DESC, 1`
    )

  const answeredByOthers = (range: Range): Asked<ReadonlyArray<Answers.Substitute>> =>
    read(
      Answers.Substitute,
      sql`SELECT first_target AS first, target AS "answeredBy", source, moved_by AS because, ${number(sql`COUNT(*)`, "answers")}
        FROM llm_calls
        WHERE outcome = 'success' AND (source <> 'target' OR target <> first_target) AND ${within(range)}
        GROUP BY first_target, target, source, moved_by ORDER BY 5 DESC, 1, 2, 3, 4`
    )

  return { summary, retries, failures, openings, slowest, usage, answeredByOthers }
}
