/**
 * What one look at a thrown value gave: how sure it is, and what it says.
 */
import type { LlmError } from "../internal/errors/llmError.js"
import type { Rejection } from "../internal/errors/rejection.js"
import type { Verdict } from "./Verdict.js"

/**
 * A response as an error object remembers it. Without a status it is an error that came inside a stream.
 *
 * @internal
 */
export interface Response {
  readonly status?: number | undefined
  readonly headers?: unknown
  readonly body?: unknown
  /** Set where the client speaks one dialect only. */
  readonly provider?: string
}

/**
 * How sure a reading is. Of all values that hang together through `cause` and its like, the surest decides, and among
 * equals the one nearest to what was thrown.
 *
 * @internal
 */
export const sureness = {
  /** A failure that was classified before. */
  original: 0,
  /** A response, a code, a type made for the purpose. */
  certain: 1,
  /** A status with nothing beside it. */
  status: 2,
  /** A name. */
  named: 3,
  /** A message. */
  worded: 4,
  /** An abort: why the caller gave up, a timeout for one, may hang on it. */
  cancelled: 5,
  /** Something that says only that something went wrong. */
  vague: 6
} as const

/** @internal */
export type Reading = { readonly sure: (typeof sureness)[keyof typeof sureness] } & (
  | { readonly original: LlmError | Rejection }
  | { readonly response: Response }
  | { readonly verdict: Verdict }
)
