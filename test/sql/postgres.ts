/** A Postgres of the test's own, on a free port. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { SqlClient } from "@effect/sql"
import { PgClient } from "@effect/sql-pg"
import { Effect, type Layer, Redacted } from "effect"
import { freePort } from "../redis/server.js"

/** Debian keeps its programs where no path leads. */
const folders = existsSync("/usr/lib/postgresql")
  ? readdirSync("/usr/lib/postgresql").map((version) => join("/usr/lib/postgresql", version, "bin"))
  : []

const bin = folders.find((folder) => existsSync(join(folder, "initdb")))

export const isInstalled: boolean = bin !== undefined

if (!isInstalled)
  console.warn("NOT TESTED: there is no Postgres on this machine; the operation log was tried on SQLite")

/** Postgres does not run as root. */
const user = (): { readonly uid?: number; readonly gid?: number } => {
  if (process.getuid?.() !== 0) return {}
  const id = (flag: string): number => Number(spawnSync("id", [flag, "postgres"]).stdout.toString())
  return { uid: id("-u"), gid: id("-g") }
}

export const clientOf = (url: string): Layer.Layer<SqlClient.SqlClient, unknown> =>
  PgClient.layer({ url: Redacted.make(url) })

const run = (url: string, statement: string): Promise<boolean> =>
  Effect.runPromise(
    Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe(statement)).pipe(
      Effect.provide(clientOf(url)),
      Effect.isSuccess
    )
  )

export const postgres = async () => {
  const data = mkdtempSync(join(tmpdir(), "effect-resilience-postgres-"))
  const as = user()
  if (as.uid !== undefined) chownSync(data, as.uid, as.gid ?? as.uid)
  chmodSync(data, 0o700)
  const made = spawnSync(
    join(bin ?? "", "initdb"),
    ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"],
    as
  )
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`)
  const port = await freePort()
  const settings = ["fsync=off", "listen_addresses=127.0.0.1", `unix_socket_directories=${data}`, "shared_buffers=16MB"]
  const child: ChildProcess = spawn(
    join(bin ?? "", "postgres"),
    ["-D", data, "-p", String(port), ...settings.flatMap((setting) => ["-c", setting])],
    { ...as, stdio: "ignore" }
  )
  const urlOf = (database: string): string => `postgres://postgres@127.0.0.1:${port}/${database}`
  for (let i = 0; !(await run(urlOf("postgres"), "SELECT 1")); i++) {
    if (i === 200) throw new Error("Postgres did not answer")
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  let databases = 0
  return {
    /** A new database, and its address. */
    database: async (): Promise<string> => {
      const name = `test_${++databases}`
      await run(urlOf("postgres"), `CREATE DATABASE ${name}`)
      return urlOf(name)
    },
    stop: async (): Promise<void> => {
      const gone = new Promise((resolve) => child.once("exit", resolve))
      child.kill("SIGINT")
      await gone
      rmSync(data, { recursive: true, force: true })
    }
  }
}
