/**
 * For how long an answer is good for what.
 *
 * @internal
 */
import * as Schema from "effect/Schema"
import { flag, given, invalid, millis, reader, word } from "../options/check.js"
import type { Options, TimeOptions } from "./types.js"

/** @internal */
export interface Ages {
  readonly fresh: number
  readonly staleIfError: number
  readonly staleWhileRevalidate: number
}

const where = "ResponseCache"

/** @internal */
export const checked = ({ fresh = "1 hour", staleIfError = "1 day", staleWhileRevalidate = 0 }: TimeOptions): Ages => ({
  fresh: millis(where, "fresh", fresh),
  staleIfError: millis(where, "staleIfError", staleIfError),
  staleWhileRevalidate: millis(where, "staleWhileRevalidate", staleWhileRevalidate)
})

/** What a call through the cache cannot do without, and what would silently do nothing. @internal */
export const checkCall = ({
  coalesce = true,
  key,
  name = "cache",
  schema,
  staleOn,
  storeIf
}: { readonly [field in keyof Options<unknown, unknown, unknown>]?: unknown }): void => {
  word(where, "key", key)
  word(where, "name", name)
  flag(where, "coalesce", coalesce)
  if (!Schema.isSchema(schema)) throw invalid(where, "schema", schema, "a schema of `effect/Schema`")
  reader(where, "storeIf", storeIf, "the answer and its flaw")
  reader(where, "staleOn", staleOn, "the failure")
}

/** What an answer of the time `at` is good for. @internal */
export interface GoodFor {
  readonly isFresh: (at: number, now: number) => boolean
  readonly servesOnError: (at: number, now: number) => boolean
  readonly servesWhileAsking: (at: number, now: number) => boolean
  /** Milliseconds after which it is good for nothing. */
  readonly keep: number
}

/** The times of one call. An age is counted from when the answer came. @internal */
export const agesOf = (own: TimeOptions, general: Ages): GoodFor => {
  const { fresh, staleIfError, staleWhileRevalidate } = checked({ ...general, ...given(own) })
  // An answer of the future was written by a clock that is ahead: it is as good as one of now.
  return {
    isFresh: (at, now) => now - at < fresh,
    servesOnError: (at, now) => now - at < staleIfError,
    servesWhileAsking: (at, now) => now - at < staleWhileRevalidate,
    keep: Math.max(fresh, staleIfError, staleWhileRevalidate)
  }
}
