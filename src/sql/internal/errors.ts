import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import { codeOf } from "./insert.js"

/**
 * An operation log cannot be used: its `database` is away or cannot be read, the file is `missing` or `foreign` (another
 * program's), or a `newer` release has made its tables.
 *
 * @since 0.1.0
 * @category Errors
 */
export class OperationLogError extends Schema.TaggedError<OperationLogError>("effect-resilience/OperationLogError")(
  "OperationLogError",
  {
    reason: Schema.Literal("database", "missing", "foreign", "newer"),
    message: Schema.String
  }
) {}

/** In our words and the database's code, since its message may hold a path, a host or a value. @internal */
export const failed =
  (doing: string) =>
  (error: { readonly cause?: unknown }): OperationLogError => {
    const code = codeOf(error.cause)
    return new OperationLogError({
      reason: code === "SQLITE_NOTADB" ? "foreign" : "database",
      message: `The operation log cannot be ${doing}${code === undefined ? "" : `: ${code}`}`
    })
  }

/** @internal */
export const newer: Effect.Effect<never, OperationLogError> = Effect.suspend(() =>
  Effect.fail(
    new OperationLogError({
      reason: "newer",
      message: "The operation log was made by a newer release of effect-resilience, which has to read it"
    })
  )
)

/** Another process may be making the tables, or writing. @internal */
export const patience: Schedule.Schedule<unknown> = Schedule.intersect(
  Schedule.spaced("100 millis"),
  Schedule.recurs(20)
)

/** Waiting can help. @internal */
export const isBusy = (error: OperationLogError | SqlError): boolean =>
  error._tag === "SqlError" && /^(SQLITE_BUSY.*|42P07|23505|40P01|40001|55P03)$/.test(codeOf(error.cause) ?? "")
