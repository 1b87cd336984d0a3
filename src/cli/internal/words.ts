/**
 * Numbers and times as a person reads them.
 *
 * @internal
 */

import * as DateTime from "effect/DateTime"

/** Thousands are set apart. @internal */
export const count = (value: number): string => String(Math.round(value)).replace(/\B(?=(\d{3})+(?!\d))/g, " ")

/** @internal */
export const average = (value: number): string => value.toFixed(2)

const steps = [
  { unit: "d", millis: 86_400_000 },
  { unit: "h", millis: 3_600_000 },
  { unit: "min", millis: 60_000 },
  { unit: "s", millis: 1_000 }
]

/** @internal */
export const time = (millis: number | null): string => {
  if (millis === null) return "-"
  const step = steps.find((step) => millis >= step.millis)
  if (step === undefined) return `${Math.round(millis)} ms`
  const value = millis / step.millis
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${step.unit}`
}

/** In UTC, to the second. @internal */
export const moment = (millis: number | null): string =>
  millis === null ? "-" : isoOf(millis).slice(0, 19).replace("T", " ")

/** @internal */
export const isoOf = (millis: number): string => DateTime.formatIso(DateTime.unsafeMake(millis))

/** What a number is at least. @internal */
export const atLeast = (text: string, isMore: boolean): string => (isMore ? `≥ ${text}` : text)

/** @internal */
export const money = (value: number | null): string =>
  value === null ? "-" : value.toFixed(value !== 0 && value < 1 ? 4 : 2)
