import type { SqlClient } from "@effect/sql/SqlClient"
import * as Effect from "effect/Effect"
import { failed, newer, OperationLogError } from "./errors.js"
import { version, versionIn } from "./migrations.js"

/** There is a log, and this release can read it. @internal */
export const requireLog: Effect.Effect<void, OperationLogError, SqlClient> = versionIn.pipe(
  Effect.withTracerEnabled(false),
  Effect.mapError(failed("opened")),
  Effect.flatMap((found) =>
    found > version
      ? newer
      : found < version
        ? Effect.fail(
            new OperationLogError({
              reason: "foreign",
              message:
                found === 0
                  ? "There is no operation log in this database"
                  : "The operation log was made by an older release; whoever writes it next brings it up to date"
            })
          )
        : Effect.void
  )
)
