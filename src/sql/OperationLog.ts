/**
 * What happened, kept in a database: a row for each call, for each attempt and for each change of a circuit. Needs
 * `@effect/sql`; the database is whichever `SqlClient` there is, SQLite or Postgres. `sql/OperationLogFile` brings a file of
 * its own, and `sql/OperationStats` asks the log what was retried, what failed, and what it cost.
 *
 * The rows are made of the events (`ResilienceEvent`) as they are published, wait in memory, and are written by a fiber of
 * its own, in batches. A call never waits for the database and never fails because of it: what cannot be written is tried
 * again, and what has no room in memory any more is given up and counted, oldest first.
 *
 * A row holds names, times, tags, numbers: no prompt, no answer, no key, no words of the provider.
 *
 * @since 0.1.0
 */
import type { SqlClient } from "@effect/sql/SqlClient"
import * as Layer from "effect/Layer"
import type { OperationLogError } from "./internal/errors.js"
import { OperationLog } from "./internal/log.js"
import { makeLog } from "./internal/make.js"
import type { Options } from "./internal/settings.js"

export { OperationLogError } from "./internal/errors.js"
export { OperationLog, type Status, TypeId } from "./internal/log.js"
export type { Options } from "./internal/settings.js"

/**
 * Keeps a log in the database of the `SqlClient`, whose tables it makes or brings up to date first. It hears the policies
 * that were made under the same `ResilienceEvent.layer`. What is left is written when the scope ends.
 *
 * Fails with `OperationLogError` if the database cannot be used when it starts; an application that is to run without a log
 * then catches it (`Layer.catchAll`). Options that are none are a defect.
 *
 * @example
 * ```ts
 * import { PgClient } from "@effect/sql-pg"
 * import { Layer, Redacted } from "effect"
 * import { Resilience, ResilienceEvent } from "effect-resilience"
 * import * as OperationLog from "effect-resilience/sql/OperationLog"
 *
 * const Database = PgClient.layer({ url: Redacted.make("postgres://localhost/operations") })
 *
 * const Log = OperationLog.layer({ keepFor: "90 days" }).pipe(Layer.provide(Database))
 *
 * export const Policies = Layer.merge(Resilience.layer(), Log).pipe(Layer.provide(ResilienceEvent.layer()))
 * ```
 *
 * @since 0.1.0
 * @category Layers
 */
export const layer = (options: Options = {}): Layer.Layer<OperationLog, OperationLogError, SqlClient> =>
  Layer.scoped(OperationLog, makeLog("OperationLog.layer", options))
