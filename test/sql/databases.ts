/** The two databases that a log is tried on: a file, and a Postgres. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { SqlClient } from "@effect/sql"
import { LibsqlClient } from "@effect/sql-libsql"
import { Layer } from "effect"
import * as OperationLog from "effect-resilience/sql/OperationLog"
import * as OperationLogFile from "effect-resilience/sql/OperationLogFile"
import * as OperationStats from "effect-resilience/sql/OperationStats"
import { clientOf, postgres } from "./postgres.js"

export interface Database {
  /** The log, and the questions about it. */
  readonly log: (
    options?: OperationLog.Options
  ) => Layer.Layer<OperationLog.OperationLog | OperationStats.OperationStats, unknown>
  /** The questions alone. */
  readonly stats: Layer.Layer<OperationStats.OperationStats, unknown>
  /** The database itself. */
  readonly client: Layer.Layer<SqlClient.SqlClient, unknown>
}

export interface Databases {
  /** A database of which nobody knows yet. */
  readonly fresh: () => Promise<Database>
  readonly stop: () => Promise<void>
}

export const files = async (): Promise<Databases & { readonly path: () => string }> => {
  const folder = mkdtempSync(join(tmpdir(), "effect-resilience-log-"))
  let made = 0
  const path = () => join(folder, `operations ${++made}.db`)
  return {
    path,
    fresh: async () => {
      const file = path()
      return {
        log: (options) => OperationLogFile.layer({ path: file, ...options }),
        stats: OperationLogFile.layerStats({ path: file }),
        client: LibsqlClient.layer({ url: `file:${encodeURI(file)}` })
      }
    },
    stop: async () => rmSync(folder, { recursive: true, force: true })
  }
}

export const servers = async (): Promise<Databases> => {
  const server = await postgres()
  return {
    fresh: async () => {
      const client = clientOf(await server.database())
      const stats = Layer.provide(OperationStats.layer, client)
      return {
        // The questions find a log once it is there.
        log: (options) => Layer.provideMerge(stats, Layer.provide(OperationLog.layer(options), client)),
        stats,
        client
      }
    },
    stop: server.stop
  }
}
