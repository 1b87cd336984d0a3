/**
 * For how long an answer is good for what.
 *
 * @internal
 */

import { millis } from "../options/check.js"
import type { TimeOptions } from "./types.js"

/** @internal */
export interface Ages {
  readonly fresh: number
  readonly staleIfError: number
  readonly staleWhileRevalidate: number
}

const where = "ResponseCache"

/** @internal */
export const checked = ({ fresh, staleIfError, staleWhileRevalidate }: TimeOptions): Ages => ({
  fresh: millis(where, "fresh", fresh ?? "1 hour"),
  staleIfError: millis(where, "staleIfError", staleIfError ?? "1 day"),
  staleWhileRevalidate: millis(where, "staleWhileRevalidate", staleWhileRevalidate ?? 0)
})

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
  const { fresh, staleIfError, staleWhileRevalidate } = checked({
    fresh: own.fresh ?? general.fresh,
    staleIfError: own.staleIfError ?? general.staleIfError,
    staleWhileRevalidate: own.staleWhileRevalidate ?? general.staleWhileRevalidate
  })
  // An answer of the future was written by a clock that is ahead: it is as good as one of now.
  return {
    isFresh: (at, now) => now - at < fresh,
    servesOnError: (at, now) => now - at < staleIfError,
    servesWhileAsking: (at, now) => now - at < staleWhileRevalidate,
    keep: Math.max(fresh, staleIfError, staleWhileRevalidate)
  }
}
