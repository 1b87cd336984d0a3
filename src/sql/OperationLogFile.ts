/**
 * An operation log (`sql/OperationLog`) in a SQLite file, without a server and without an installation. Needs `@effect/sql`
 * and `@effect/sql-libsql`.
 *
 * SQLite works within the process: a batch of rows keeps it busy for a millisecond or two. Whoever cannot spare these, or
 * keeps the file on a disk that may hang, uses `OperationLog.layer` with a database of its own process.
 *
 * @since 0.1.0
 */
import { existsSync } from "node:fs"
import { SqlClient } from "@effect/sql/SqlClient"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { invalid } from "../internal/options/check.js"
import { failed, isBusy, OperationLogError, patience } from "./internal/errors.js"
import { clientOf } from "./internal/file.js"
import { OperationLog } from "./internal/log.js"
import { makeLog } from "./internal/make.js"
import type { Options as LogOptions } from "./internal/settings.js"
import { make as makeStats, OperationStats } from "./OperationStats.js"

export { OperationLogError } from "./internal/errors.js"

/**
 * @since 0.1.0
 * @category Models
 */
export interface Options extends LogOptions {
  /** The file, which is made if it is not there. Its folder has to be. */
  readonly path: string
}

/**
 * Keeps a log in a file, and answers questions about it. Several processes can write to one file, and others read it
 * meanwhile.
 *
 * Fails with `OperationLogError` if the file cannot be opened, or is no database.
 *
 * @example
 * ```ts
 * import { Layer } from "effect"
 * import { Resilience, ResilienceEvent } from "effect-resilience"
 * import * as OperationLogFile from "effect-resilience/sql/OperationLogFile"
 *
 * export const Policies = Layer.merge(Resilience.layer(), OperationLogFile.layer({ path: "operations.db" })).pipe(
 *   Layer.provide(ResilienceEvent.layer())
 * )
 * ```
 *
 * @since 0.1.0
 * @category Layers
 */
export const layer = ({ path, ...options }: Options): Layer.Layer<OperationLog | OperationStats, OperationLogError> =>
  Layer.scopedContext(
    Effect.gen(function* () {
      const sql = yield* open("OperationLogFile.layer", path, writing)
      // What was written is in the file itself when the scope has ended, and not beside it.
      yield* Effect.addFinalizer(() => Effect.ignore(sql`PRAGMA wal_checkpoint(TRUNCATE)`))
      const opened = Effect.all({ log: makeLog("OperationLogFile.layer", options), stats: makeStats })
      const { log, stats } = yield* Effect.provideService(opened, SqlClient, sql)
      return Context.make(OperationLog, log).pipe(Context.add(OperationStats, stats))
    }).pipe(Effect.mapError(about(path)))
  )

/** Others may read while it is written, and a write does not wait for the disk. */
const writing = ["PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL"]

/**
 * Answers questions about the log in a file, and writes nothing. Fails with `OperationLogError` if there is no such file,
 * if it is not of this package, or of a newer release.
 *
 * @since 0.1.0
 * @category Layers
 */
export const layerStats = ({ path }: Pick<Options, "path">): Layer.Layer<OperationStats, OperationLogError> =>
  Layer.scoped(
    OperationStats,
    Effect.gen(function* () {
      const isThere = yield* Effect.sync(() => existsSync(path))
      if (!isThere) return yield* new OperationLogError({ reason: "missing", message: "There is no such file" })
      return yield* Effect.provideService(makeStats, SqlClient, yield* open("OperationLogFile.layerStats", path, []))
    }).pipe(Effect.mapError(about(path)))
  )

const about =
  (path: string) =>
  ({ message, reason }: OperationLogError): OperationLogError =>
    new OperationLogError({ reason, message: `${path}: ${message}` })

const open = (
  where: string,
  path: string,
  prepare: ReadonlyArray<string>
): Effect.Effect<SqlClient, OperationLogError, Scope.Scope> =>
  Effect.suspend(() => {
    if (typeof path !== "string" || path === "" || path.startsWith(":memory:")) {
      throw invalid(where, "path", path, "the path of a file")
    }
    return clientOf(path, prepare).pipe(
      Effect.withTracerEnabled(false),
      Effect.retry({ schedule: patience, while: isBusy }),
      Effect.mapError(failed("opened"))
    )
  })
