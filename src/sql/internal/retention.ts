/**
 * Takes away what is too old or too much, a little at a time, so that no statement takes long.
 *
 * @internal
 */
import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { tables, timeOf } from "./rows.js"

/** Rows of one statement, and statements in a row. */
const chunk = 500
const chunks = 20

/** Whether there is more to be taken away. @internal */
export const prune = (
  sql: SqlClient,
  { keepRows, olderThan, run }: { readonly keepRows: number; readonly olderThan: number; readonly run: string }
): Effect.Effect<boolean, SqlError> =>
  Effect.gen(function* () {
    let more = false
    for (const table of tables) {
      const name = sql.literal(table)
      const time = sql.literal(timeOf[table])
      if (Number.isFinite(olderThan)) {
        const old = yield* takeAway(
          sql`DELETE FROM ${name} WHERE id IN (
            SELECT id FROM ${name} WHERE ${time} < ${olderThan} ORDER BY ${time} LIMIT ${sql.literal(String(chunk))}
          ) RETURNING id`
        )
        more ||= old
      }
      if (Number.isFinite(keepRows)) {
        // Numbers are given in order and seldom left out, and are counted without a look at each row.
        const surplus = yield* takeAway(
          sql`DELETE FROM ${name} WHERE id IN (
            SELECT id FROM ${name} WHERE id <= (SELECT MAX(id) FROM ${name}) - ${keepRows}
            ORDER BY id LIMIT ${sql.literal(String(chunk))}
          ) RETURNING id`
        )
        more ||= surplus
      }
    }
    if (Number.isFinite(olderThan)) {
      yield* sql`DELETE FROM llm_log_runs WHERE started_at < ${olderThan} AND run <> ${run}
        AND NOT EXISTS (SELECT 1 FROM llm_calls WHERE llm_calls.run = llm_log_runs.run)`
    }
    return more
  })

const takeAway = (statement: Effect.Effect<ReadonlyArray<unknown>, SqlError>): Effect.Effect<boolean, SqlError> =>
  Effect.gen(function* () {
    for (let done = 0; done < chunks; done++) {
      const taken = yield* statement
      if (taken.length < chunk) return false
      // Others have their turn in between.
      yield* Effect.sleep(0)
    }
    return true
  })
