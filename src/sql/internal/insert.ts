/**
 * Writes rows, such that writing them twice changes nothing.
 *
 * @internal
 */
import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { text } from "../../internal/errors/safeRead.js"
import { type Entry, tables } from "./rows.js"

/** One statement for each table. @internal */
export const insert = (sql: SqlClient, entries: ReadonlyArray<Entry>): Effect.Effect<void, SqlError> =>
  Effect.forEach(
    tables,
    (table) => {
      const rows = entries.filter((entry) => entry.table === table).map(({ row }) => ({ ...row }))
      if (rows.length === 0) return Effect.void
      // A batch of which it is not known whether it was written is written again.
      return sql`INSERT INTO ${sql.literal(table)} ${sql.insert(rows)} ON CONFLICT DO NOTHING`
    },
    { discard: true }
  )

/**
 * As `insert`, without the rows that the database will never take, which would keep all others waiting: their number is
 * told to `refused`.
 *
 * @internal
 */
export const insertWhatFits = (
  sql: SqlClient,
  entries: ReadonlyArray<Entry>,
  refused: (rows: number) => void
): Effect.Effect<void, SqlError> =>
  Effect.catchIf(insert(sql, entries), isRefusal, () => {
    if (entries.length <= 1) return Effect.sync(() => refused(entries.length))
    const half = entries.length >> 1
    return Effect.zipRight(
      insertWhatFits(sql, entries.slice(0, half), refused),
      insertWhatFits(sql, entries.slice(half), refused)
    )
  })

/** The values are at fault, and not the database: SQLSTATE 22 and 23, and what SQLite calls the same. */
const isRefusal = ({ cause }: SqlError): boolean => {
  const code = codeOf(cause)
  return /^(2[23]...|SQLITE_(CONSTRAINT|MISMATCH|TOOBIG|RANGE).*)$/.test(code ?? "")
}

/** What a database calls its failure, in one word that holds nothing of what was to be written. @internal */
export const codeOf = (cause: unknown): string | undefined => {
  const code = text(cause, "code")
  return code !== undefined && /^\w{1,40}$/.test(code) ? code : undefined
}
