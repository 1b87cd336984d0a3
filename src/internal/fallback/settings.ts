import * as Predicate from "effect/Predicate"
import * as LlmError from "../errors/llmError.js"
import { invalid, list, millis } from "../options/check.js"
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
  const { patience = "5 seconds", shareOfDeadline } = options
  return {
    ...choice(where, options),
    patience: millis(where, "patience", patience),
    share: shareOf(shareOfDeadline)
  }
}

/** What says whom a call may ask, of a walk and of a race. @internal */
export const choice = (
  where: string,
  { fallbackOn = [], needs = [], sticky }: Pick<Options, "fallbackOn" | "needs" | "sticky">
): Pick<Settings, "fallbackOn" | "needs"> => {
  list(where, "fallbackOn", fallbackOn, (tag) => tags.has(tag), `a list of tags: ${tagNames}`)
  list(where, "needs", needs, (name) => typeof name === "string", "a list of names")
  if (sticky !== undefined && !isSticky(sticky)) {
    throw invalid(where, "sticky", sticky, "a memory, made by Fallback.makeSticky, and a key: { memory, key }")
  }
  return { fallbackOn, needs }
}

const isSticky = (sticky: unknown): boolean =>
  Predicate.hasProperty(sticky, "memory") &&
  Predicate.hasProperty(sticky.memory, "inOrder") &&
  Predicate.hasProperty(sticky, "key") &&
  typeof sticky.key === "string"

const shareOf = (share: Options["shareOfDeadline"]): number | undefined => {
  if (share === undefined) return undefined
  if (share === false) return 1
  if (typeof share === "number" && share > 0 && share <= 1) return share
  throw invalid(where, "shareOfDeadline", share, "a number above 0 and at most 1, or false")
}

/** @internal */
export const defaults: Settings = { fallbackOn: [], patience: 5_000, share: undefined, needs: [] }
