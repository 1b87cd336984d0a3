import * as LlmError from "../errors/llmError.js"
import { invalid, millis } from "../options/check.js"
import { fallbackOptions, refuseUnknown } from "../options/names.js"
import type { Options } from "./types.js"

/** The options of a walk, checked. @internal */
export interface Settings {
  readonly fallbackOn: ReadonlyArray<LlmError.Tag>
  /** Milliseconds. */
  readonly patience: number
  /** What a target has of the time left; nothing where all that are left have the same. */
  readonly share: number | undefined
  /** What a target has to be able to do. */
  readonly needs: ReadonlyArray<string>
}

const where = "Fallback"

const tags: ReadonlySet<unknown> = new Set(LlmError.LlmError.members.map((member) => member._tag))

const tagNames = [...tags].join(", ")

const listed = (field: string, value: unknown, isOne: (item: unknown) => boolean, allowed: string): void => {
  if (!Array.isArray(value)) throw invalid(where, field, value, allowed)
  for (const item of value) if (!isOne(item)) throw invalid(where, field, item, allowed)
}

/** What a program asks for again and again, with the same options. */
const known = new WeakMap<Options, Settings>()

/** @internal */
export const settingsOf = (options: Options): Settings => {
  const before = known.get(options)
  if (before !== undefined) return before
  const settings = checked(options)
  known.set(options, settings)
  return settings
}

const checked = (options: Options): Settings => {
  refuseUnknown(where, "", options, fallbackOptions)
  const { fallbackOn = [], needs = [], patience = "5 seconds", shareOfDeadline } = options
  listed("fallbackOn", fallbackOn, (tag) => tags.has(tag), `a list of tags: ${tagNames}`)
  listed("needs", needs, (name) => typeof name === "string", "a list of names")
  return { fallbackOn, needs, patience: millis(where, "patience", patience), share: shareOf(shareOfDeadline) }
}

const shareOf = (share: Options["shareOfDeadline"]): number | undefined => {
  if (share === undefined) return undefined
  if (share === false) return 1
  if (typeof share === "number" && share > 0 && share <= 1) return share
  throw invalid(where, "shareOfDeadline", share, "a number above 0 and at most 1, or false")
}

/** @internal */
export const defaults: Settings = { fallbackOn: [], patience: 5_000, share: undefined, needs: [] }
