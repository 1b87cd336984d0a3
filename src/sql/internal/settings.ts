/**
 * The options of an operation log.
 *
 * @internal
 */
import type * as Duration from "effect/Duration"
import { type Money, moneyOf, type Price } from "../../internal/load/price.js"
import { count, finiteMillis, invalid, millis } from "../../internal/options/check.js"
import { type Names, refuseUnknown } from "../../internal/options/names.js"

/**
 * @since 0.1.0
 * @category Models
 */
export interface Options {
  /** How often what has happened is written, if no batch is full before. Default 1 second. */
  readonly interval?: Duration.DurationInput | undefined
  /** Rows of one statement, from 1 to 1000. Default 100. */
  readonly batchSize?: number | undefined
  /** Rows that may wait to be written. Beyond it the oldest is given up, and counted. Default 10 000. */
  readonly capacity?: number | undefined
  /** How long one statement may take before it counts as failed and is tried again. Default 10 seconds. */
  readonly writeTimeout?: Duration.DurationInput | undefined
  /** How long the end of the scope may take to write what is left. Default 5 seconds. */
  readonly closeTimeout?: Duration.DurationInput | undefined
  /** How old a row may become; `Infinity` for ever. Default 30 days. */
  readonly keepFor?: Duration.DurationInput | undefined
  /** How many rows each table may have, or a few more; `Infinity` for all. Default 1 000 000. */
  readonly keepRows?: number | undefined
  /**
   * What tokens cost, by the name of the model that answered, of the one that was asked, or of the target. Tokens of
   * others are kept without a cost.
   */
  readonly prices?: Readonly<Record<string, Price>> | undefined
}

const names: Names<Options> = {
  interval: true,
  batchSize: true,
  capacity: true,
  writeTimeout: true,
  closeTimeout: true,
  keepFor: true,
  keepRows: true,
  prices: true
}

/** @internal */
export interface Settings {
  readonly intervalMillis: number
  readonly batchSize: number
  readonly capacity: number
  readonly writeTimeout: number
  readonly closeTimeout: number
  readonly keepForMillis: number
  readonly keepRows: number
  readonly prices: ReadonlyMap<string, Money>
}

/** Throws a `RangeError` for what is no option. @internal */
export const settingsOf = (where: string, options: Options): Settings => {
  refuseUnknown(where, "", options, names)
  const { batchSize = 100, capacity = 10_000, prices = {} } = options
  if (!(Number.isInteger(batchSize) && batchSize >= 1 && batchSize <= 1_000)) {
    throw invalid(where, "batchSize", batchSize, "a whole number of rows from 1 to 1000")
  }
  if (!(Number.isInteger(capacity) && capacity >= 1)) {
    throw invalid(where, "capacity", capacity, "a whole number of rows, at least 1")
  }
  if (typeof prices !== "object" || prices === null) throw invalid(where, "prices", prices, "prices by name")
  const above0 = (field: "interval" | "writeTimeout" | "keepFor", value: Duration.DurationInput): number => {
    const time = field === "keepFor" ? millis(where, field, value) : finiteMillis(where, field, value)
    if (time === 0) throw invalid(where, field, value, "a time above 0")
    return time
  }
  return {
    intervalMillis: above0("interval", options.interval ?? "1 second"),
    batchSize,
    capacity,
    writeTimeout: above0("writeTimeout", options.writeTimeout ?? "10 seconds"),
    closeTimeout: finiteMillis(where, "closeTimeout", options.closeTimeout ?? "5 seconds"),
    keepForMillis: above0("keepFor", options.keepFor ?? "30 days"),
    keepRows: count(where, "keepRows", options.keepRows ?? 1_000_000),
    prices: new Map(
      Object.entries(prices).map(([name, price]) => [name, moneyOf(where, `prices["${name}"]`, price)] as const)
    )
  }
}
