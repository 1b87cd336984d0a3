/**
 * The tables of an operation log. A change is a new migration below; those that stand are never edited.
 *
 * @internal
 */
import * as Migrator from "@effect/sql/Migrator"
import { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"

/** @internal */
export const migrationsTable = "llm_log_migrations"

const create = Effect.gen(function* () {
  const sql = yield* SqlClient
  const id = sql.literal(
    sql.onDialectOrElse({
      pg: () => "id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
      orElse: () => "id INTEGER PRIMARY KEY"
    })
  )
  yield* sql`CREATE TABLE llm_log_runs (
    run TEXT NOT NULL PRIMARY KEY,
    started_at BIGINT NOT NULL,
    dropped_rows BIGINT NOT NULL DEFAULT 0
  )`
  yield* sql`CREATE TABLE llm_calls (
    ${id},
    run TEXT NOT NULL,
    call BIGINT NOT NULL,
    operation BIGINT NOT NULL,
    correlation TEXT,
    target TEXT NOT NULL,
    provider TEXT NOT NULL,
    first_target TEXT NOT NULL,
    moved_by TEXT,
    source TEXT NOT NULL,
    ended_at BIGINT NOT NULL,
    duration_ms DOUBLE PRECISION NOT NULL,
    outcome TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    retries INTEGER NOT NULL,
    rejections INTEGER NOT NULL,
    waited_ms DOUBLE PRECISION NOT NULL,
    queued_ms DOUBLE PRECISION NOT NULL,
    hedge INTEGER,
    UNIQUE (run, call)
  )`
  yield* sql`CREATE TABLE llm_attempts (
    ${id},
    run TEXT NOT NULL,
    call BIGINT NOT NULL,
    attempt INTEGER NOT NULL,
    operation BIGINT NOT NULL,
    target TEXT NOT NULL,
    provider TEXT NOT NULL,
    model TEXT,
    answered_model TEXT,
    ended_at BIGINT NOT NULL,
    duration_ms DOUBLE PRECISION NOT NULL,
    first_token_ms DOUBLE PRECISION,
    wait_ms DOUBLE PRECISION NOT NULL,
    outcome TEXT NOT NULL,
    status INTEGER,
    request_id TEXT,
    input_tokens INTEGER,
    output_tokens INTEGER,
    cached_input_tokens INTEGER,
    cost DOUBLE PRECISION,
    untold INTEGER NOT NULL,
    UNIQUE (run, call, attempt)
  )`
  yield* sql`CREATE TABLE llm_circuit_changes (
    ${id},
    run TEXT NOT NULL,
    change BIGINT NOT NULL,
    at BIGINT NOT NULL,
    target TEXT NOT NULL,
    from_state TEXT,
    to_state TEXT NOT NULL,
    reason TEXT,
    retry_after_ms DOUBLE PRECISION,
    UNIQUE (run, change)
  )`
  // Old rows are found, and a time is looked at, without a walk over the whole table.
  yield* sql`CREATE INDEX llm_calls_by_time ON llm_calls (ended_at)`
  yield* sql`CREATE INDEX llm_attempts_by_time ON llm_attempts (ended_at)`
  yield* sql`CREATE INDEX llm_circuit_changes_by_time ON llm_circuit_changes (at)`
})

const migrations: Record<string, Effect.Effect<unknown, SqlError, SqlClient>> = { "0001_create": create }

/** The version of the tables that this release reads and writes. @internal */
export const version: number = Object.keys(migrations).length

/** Makes the tables, or brings them up to date. @internal */
export const migrate: Effect.Effect<unknown, Migrator.MigrationError | SqlError, SqlClient> = Migrator.make({})({
  loader: Migrator.fromRecord(migrations),
  table: migrationsTable
})

/** The version of the tables in a database; 0 where there is no operation log in it. @internal */
export const versionIn: Effect.Effect<number, SqlError, SqlClient> = Effect.gen(function* () {
  const sql = (yield* SqlClient).withoutTransforms()
  const found = yield* sql.onDialectOrElse({
    pg: () => sql`SELECT to_regclass(${migrationsTable}) AS name`,
    orElse: () => sql`SELECT (SELECT name FROM sqlite_master WHERE name = ${migrationsTable}) AS name`
  })
  if (found[0]?.name === null) return 0
  const rows = yield* sql`SELECT MAX(migration_id) AS version FROM ${sql.literal(migrationsTable)}`
  return Number(rows[0]?.version ?? 0)
})
