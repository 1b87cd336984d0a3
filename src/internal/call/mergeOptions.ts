/**
 * The options of a target, as what is different from the general ones.
 *
 * @internal
 */
import * as Schedule from "effect/Schedule"
import { given } from "../options/check.js"
import type { TargetOptions } from "./types.js"

type Fields = Readonly<Record<string, unknown>>

/** Options that hold options, which are merged too. Anything else is one value, and the target's replaces it. */
const holdOptions =
  /^(?:retry|retry\.perError|retry\.perError\.\w+|circuitBreaker|circuitBreaker\.(?:halfOpen|parking)|hedge|bulkhead|adaptiveLimit|rateLimit|rateLimit\.estimate|spendLimit|spendLimit\.(?:prices|estimate)|stream|stream\.buffer)$/

/** @internal */
export const mergeOptions = (general: TargetOptions, own: TargetOptions | undefined): TargetOptions =>
  own === undefined ? general : (merge(general as Fields, own as Fields, "") as TargetOptions)

const merge = (general: Fields, own: Fields, path: string): Fields => {
  const merged: Record<string, unknown> = { ...general }
  for (const [field, value] of Object.entries(given(own))) {
    const before = optionsOf(general[field])
    const merges = before !== undefined && isFields(value) && holdOptions.test(path + field)
    merged[field] = merges ? merge(before, value, `${path}${field}.`) : value
  }
  return merged
}

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !Schedule.isSchedule(value)

/** A retry policy is made of options too, which those of a target can change; the target's own policy stands alone. */
const optionsOf = (value: unknown): Fields | undefined =>
  isFields(value) ? value : Schedule.isSchedule(value) && "options" in value ? (value.options as Fields) : undefined
