/**
 * The service.
 *
 * @internal
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { OperationLogError } from "./errors.js"

/**
 * How an operation log is doing.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Status {
  /** Rows that wait to be written. */
  readonly pending: number
  /** Rows that were written since the log was opened. */
  readonly written: number
  /** Rows that were given up: there was no room for them, or the database will never take them. */
  readonly dropped: number
  /** Whether the last write failed. */
  readonly failing: boolean
}

/**
 * @since 0.1.0
 * @category Symbols
 */
export const TypeId: unique symbol = Symbol.for("effect-resilience/OperationLog")

/**
 * @since 0.1.0
 * @category Symbols
 */
export type TypeId = typeof TypeId

/**
 * An open operation log.
 *
 * @since 0.1.0
 * @category Models
 */
export interface OperationLog {
  readonly [TypeId]: TypeId
  /** Writes what waits to be written. Fails with `OperationLogError` if it cannot be; it then waits on. */
  readonly flush: Effect.Effect<void, OperationLogError>
  readonly status: Effect.Effect<Status>
}

/**
 * @since 0.1.0
 * @category Tags
 */
export const OperationLog: Context.Tag<OperationLog, OperationLog> = Context.GenericTag<OperationLog>(
  "effect-resilience/OperationLog"
)
