/**
 * The one place that knows how servers say when to come back.
 */
import * as Duration from "effect/Duration"
import type { Facts } from "./Facts.js"

const seconds = (text: string | undefined): number | undefined => {
  if (text === undefined || !/^\d{1,12}(?:\.\d{1,12})?$/.test(text)) return undefined
  return positive(Number(text) * 1000)
}

const positive = (millis: number): number | undefined => (millis > 0 ? Math.ceil(millis) : undefined)

/** @internal */
export const retryHint = (facts: Facts): Duration.Duration | undefined => {
  const afterMillis = facts.header("retry-after-ms")
  const millis =
    (afterMillis !== undefined && /^\d{1,12}(?:\.\d{1,12})?$/.test(afterMillis)
      ? positive(Number(afterMillis))
      : undefined) ?? seconds(facts.header("retry-after"))
  return millis === undefined ? undefined : Duration.millis(millis)
}
