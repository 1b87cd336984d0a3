/**
 * Opens a log: makes its tables, hears the events, writes its rows.
 *
 * @internal
 */
import { MigrationError } from "@effect/sql/Migrator"
import { SqlClient } from "@effect/sql/SqlClient"
import { SqlError } from "@effect/sql/SqlError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import { ResilienceEvents } from "../../internal/telemetry/events.js"
import { listen } from "../../internal/telemetry/subscribe.js"
import { failed, isBusy, newer, type OperationLogError, patience } from "./errors.js"
import { Fold } from "./fold.js"
import { type OperationLog, TypeId } from "./log.js"
import { droppedRows, writtenRows } from "./metrics.js"
import { migrate, version, versionIn } from "./migrations.js"
import { Pending } from "./pending.js"
import { type Options, type Settings, settingsOf } from "./settings.js"
import { Writer } from "./writer.js"

/** @internal */
export const makeLog = (
  where: string,
  options: Options
): Effect.Effect<OperationLog, OperationLogError, SqlClient | Scope.Scope> =>
  Effect.gen(function* () {
    const settings = settingsOf(where, options)
    const sql = (yield* SqlClient).withoutTransforms()
    const run = yield* ready.pipe(
      Effect.zipRight(begin(sql)),
      Effect.retry({ schedule: patience, while: isBusy }),
      Effect.withTracerEnabled(false),
      Effect.catchTag("SqlError", (error) => Effect.fail(failed("opened")(error)))
    )
    const hub = yield* ResilienceEvents
    const pending = new Pending(settings.capacity, () => droppedRows.unsafeUpdate(1, []))
    const writer = new Writer(sql, settings, run, pending, hub, (rows) => writtenRows.unsafeUpdate(rows, []))
    // Finalizers run from the last to the first: nothing more is heard when the rest is written.
    yield* Effect.addFinalizer(() => writeTheRest(writer, pending, settings))
    const fold = new Fold(run, settings.prices, (entry) => {
      pending.add(entry)
      writer.added()
    })
    yield* listen((event) => fold.see(event))
    yield* Effect.forkScoped(writer.loop)
    return log(writer, pending)
  })

const log = (writer: Writer, pending: Pending): OperationLog => ({
  [TypeId]: TypeId,
  flush: Effect.mapError(writer.drain, failed("written")),
  status: Effect.sync(() => ({
    pending: writer.waiting,
    written: writer.written,
    dropped: pending.dropped,
    failing: writer.failures > 0
  }))
})

/** The tables are there, in the form that this release knows. */
const ready: Effect.Effect<void, OperationLogError | SqlError, SqlClient> = Effect.gen(function* () {
  const sql = yield* SqlClient
  yield* sql.onDialectOrElse({
    sqlite: () => Effect.void,
    pg: () => Effect.void,
    orElse: () => Effect.dieMessage("OperationLog knows SQLite and Postgres, and no other database")
  })
  if ((yield* versionIn) < version) yield* Effect.catchTag(migrate, "MigrationError", notMade)
  if ((yield* versionIn) > version) yield* newer
}).pipe(
  // What a migration fails with is a defect.
  Effect.catchSomeDefect((defect) => (defect instanceof MigrationError ? Option.some(notMade(defect)) : Option.none()))
)

const notMade = (error: MigrationError): Effect.Effect<never, OperationLogError | SqlError> =>
  error.cause instanceof SqlError ? Effect.fail(error.cause) : Effect.fail(failed("made")(error))

/** A row for this process, so that what it has lost can be told. */
const begin = (sql: SqlClient): Effect.Effect<string, SqlError> =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const chance = yield* Random.nextIntBetween(0, 2 ** 47)
    const run = `${now.toString(36)}-${chance.toString(36)}`
    yield* sql`INSERT INTO llm_log_runs ${sql.insert({ run, started_at: now })}`
    return run
  })

const writeTheRest = (writer: Writer, pending: Pending, settings: Settings): Effect.Effect<void> =>
  Effect.gen(function* () {
    // Finalizers are not interruptible by themselves, and so would be no timeout in them.
    yield* writer.drain.pipe(
      Effect.disconnect,
      Effect.timeout(settings.closeTimeout),
      Effect.interruptible,
      Effect.ignore
    )
    const rest = writer.waiting
    if (rest === 0) return
    pending.drop(rest)
    yield* Effect.logWarning(`The operation log is closed without ${rest} rows, which could not be written in time`)
  })
