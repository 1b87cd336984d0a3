/**
 * Whether what was written is there for others as well.
 *
 * A SQLite driver may leave a statement open that has failed because another process was writing (that of
 * `@effect/sql-libsql` does). From then on its connection says that it has written, commits nothing, and keeps everybody
 * else from writing; once the statement is collected as garbage, all of that is gone.
 *
 * @internal
 */
import type { SqlClient } from "@effect/sql/SqlClient"
import { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { codeOf } from "./insert.js"

/** @internal */
export const notCommitted = "NOT_COMMITTED"

/** Fails if the connection still holds what it has written. @internal */
export const committed = (sql: SqlClient): Effect.Effect<void, SqlError> =>
  sql.onDialectOrElse({
    // It can be done at any time but within a transaction, which is what such a connection is in.
    sqlite: () =>
      Effect.catchAll(Effect.asVoid(sql`PRAGMA wal_checkpoint(PASSIVE)`), ({ cause }) =>
        codeOf(cause) === "SQLITE_LOCKED"
          ? Effect.fail(new SqlError({ cause: { code: notCommitted }, message: "Nothing is committed" }))
          : // A database that knows no checkpoints.
            Effect.void
      ),
    orElse: () => Effect.void
  })
