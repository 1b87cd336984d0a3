/** A database in a file that can be told to hang, to fail or to be slow. */
import { Reactivity } from "@effect/experimental"
import { SqlClient, type SqlConnection, SqlError, Statement } from "@effect/sql"
import { LibsqlClient } from "@effect/sql-libsql"
import { Effect, Layer } from "effect"

export type Mood = "well" | "hanging" | "slow" | "full"

/** What the database says when its disk is full, with words that are nobody's business. */
const full = new SqlError.SqlError({
  cause: Object.assign(new Error("no room in /home/secret"), { code: "SQLITE_FULL" }),
  message: "Failed to execute statement"
})

export const flaky = (path: string) => {
  const state = { mood: "well" as Mood, statements: 0 }
  const moody = <A, E>(statement: Effect.Effect<A, E>): Effect.Effect<A, E | SqlError.SqlError> =>
    Effect.suspend((): Effect.Effect<A, E | SqlError.SqlError> => {
      state.statements++
      switch (state.mood) {
        case "well":
          return statement
        case "slow":
          return Effect.delay(statement, "8 seconds")
        case "full":
          return Effect.fail(full)
        case "hanging":
          return Effect.never
      }
    })
  const layer = Layer.scoped(
    SqlClient.SqlClient,
    Effect.gen(function* () {
      const client = yield* LibsqlClient.LibsqlClient
      const real = yield* client.reserve
      const connection: SqlConnection.Connection = {
        execute: (...args) => moody(real.execute(...args)),
        executeRaw: (...args) => moody(real.executeRaw(...args)),
        executeValues: (...args) => moody(real.executeValues(...args)),
        executeUnprepared: (...args) => moody(real.executeUnprepared(...args)),
        executeStream: real.executeStream
      }
      return yield* SqlClient.make({
        acquirer: Effect.succeed(connection),
        compiler: Statement.makeCompilerSqlite(),
        spanAttributes: []
      })
    })
  ).pipe(Layer.provide(Layer.merge(LibsqlClient.layer({ url: `file:${encodeURI(path)}` }), Reactivity.layer)))
  return { state, layer }
}
