/**
 * A SQLite file as a `SqlClient`, over one connection that is made anew after each failure.
 *
 * The driver does not end a statement that has failed because another process was writing: what its connection writes
 * afterwards is never committed, and keeps everybody else from writing. It also opens a connection for each transaction and
 * closes none. So its connections are used for statements alone, and thrown away when one has failed.
 *
 * @internal
 */
import * as Reactivity from "@effect/experimental/Reactivity"
import * as SqlClient from "@effect/sql/SqlClient"
import type { Connection } from "@effect/sql/SqlConnection"
import { SqlError } from "@effect/sql/SqlError"
import { makeCompilerSqlite } from "@effect/sql/Statement"
import * as LibsqlClient from "@effect/sql-libsql/LibsqlClient"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

interface Open {
  readonly connection: Connection
  readonly close: Effect.Effect<void>
}

/** `prepare` is what each new connection is told first. @internal */
export const clientOf = (
  path: string,
  prepare: ReadonlyArray<string>
): Effect.Effect<SqlClient.SqlClient, SqlError, Scope.Scope> =>
  Effect.gen(function* () {
    const connections = new Connections(path, prepare)
    yield* Effect.addFinalizer(() => connections.end)
    yield* connections.use((connection) => connection.execute("SELECT 1", [], undefined))
    const connection: Connection = {
      execute: (...args) => connections.use((one) => one.execute(...args)),
      executeRaw: (...args) => connections.use((one) => one.executeRaw(...args)),
      executeValues: (...args) => connections.use((one) => one.executeValues(...args)),
      // Of a connection that was closed for its failure, nothing is left to be taken back.
      executeUnprepared: (sql, ...args) =>
        sql === rollback && !connections.isOpen
          ? Effect.succeed([])
          : connections.use((one) => one.executeUnprepared(sql, ...args)),
      executeStream: () => Stream.dieMessage("This driver does not stream")
    }
    return yield* Effect.provide(
      SqlClient.make({
        acquirer: Effect.succeed(connection),
        compiler: makeCompilerSqlite(),
        // Whoever else is writing is met here, and not in the middle.
        beginTransaction: "BEGIN IMMEDIATE",
        rollback,
        spanAttributes: [["db.system.name", "sqlite"]]
      }),
      Reactivity.layer
    )
  })

const rollback = "ROLLBACK"

/** The driver says so in words alone, with the path in them. */
const cannotOpen = new SqlError({ cause: { code: "SQLITE_CANTOPEN" }, message: "The file cannot be opened" })

class Connections {
  private current: Open | undefined

  constructor(
    private readonly path: string,
    private readonly prepare: ReadonlyArray<string>
  ) {}

  get isOpen(): boolean {
    return this.current !== undefined
  }

  readonly end: Effect.Effect<void> = Effect.suspend(() => {
    const { current } = this
    this.current = undefined
    return current === undefined ? Effect.void : current.close
  })

  use<A>(statement: (connection: Connection) => Effect.Effect<A, SqlError>): Effect.Effect<A, SqlError> {
    const opened = Effect.suspend(() => (this.current === undefined ? this.open : Effect.succeed(this.current)))
    return opened.pipe(
      Effect.flatMap(({ connection }) => statement(connection)),
      Effect.tapError(() => this.end)
    )
  }

  private readonly open: Effect.Effect<Open, SqlError> = Effect.gen(this, function* () {
    const scope = yield* Scope.make()
    const close = Scope.close(scope, Exit.void)
    const client = LibsqlClient.make({ url: urlOf(this.path) }).pipe(
      Effect.flatMap((client) => client.reserve),
      Effect.provide(Reactivity.layer),
      Scope.extend(scope),
      Effect.catchAllDefect(() => Effect.fail(cannotOpen))
    )
    return yield* Effect.gen(this, function* () {
      const connection = yield* client
      for (const statement of this.prepare) yield* connection.execute(statement, [], undefined)
      this.current = { connection, close }
      return this.current
    }).pipe(Effect.tapError(() => close))
  })
}

/** Whatever a path holds, the driver reads it as one. */
const urlOf = (path: string): string => `file:${path.replace(/^\/+/, "/").split("/").map(encodeURIComponent).join("/")}`
