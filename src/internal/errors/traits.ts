/**
 * What each failure means: the one table that decides, and the words for an end user.
 */
import type { LlmError, Tag } from "./llmError.js"
import { isRejection, type Rejection } from "./rejection.js"

/**
 * What a failure means to the policies and to a person.
 *
 * @since 0.1.0
 * @category Traits
 */
export interface Traits {
  /** `Critical` wants somebody's attention: money, keys, permissions. */
  readonly category: "Retryable" | "NonRetryable" | "Critical"
  /** The same request to the same target can succeed by itself. */
  readonly retryable: boolean
  /** How often that is worth trying: as the policy says, once, or only if there is no other target. */
  readonly sameTarget: "always" | "once" | "lastResort" | "never"
  /** It is a sign that the target is ill; a circuit breaker counts it. */
  readonly countsAgainstHealth: boolean
  /** It tells everyone to leave the target alone for a while. */
  readonly parks: boolean
  /** The same request has a real chance, and is safe to send, on another model. */
  readonly fallback: boolean
  /** On which other model: any, one with a larger context window, only one that was asked for, or none. */
  readonly otherTarget: "any" | "largerWindow" | "onRequest" | "never"
  /** What an HTTP service that makes the call for somebody answers; see `httpStatus`. */
  readonly httpStatus: number
  /** Fit for an end user's eyes. */
  readonly userMessage: string
}

type Row = Omit<Traits, "retryable" | "fallback" | "userMessage">

const row = (
  category: Row["category"],
  sameTarget: Row["sameTarget"],
  health: "counts" | "parks" | "-",
  otherTarget: Row["otherTarget"],
  httpStatus: number
): Row => ({
  category,
  sameTarget,
  countsAgainstHealth: health === "counts",
  parks: health === "parks",
  otherTarget,
  httpStatus
})

/**
 * The one table that decides. `CircuitHalfOpen` to `AllTargetsFailed` are the toolkit's own rejections: they say
 * nothing about a target's health and are never retried on it.
 */
// biome-ignore format: a table
const table: Readonly<Record<Tag | Rejection["_tag"], Row>> = {
  //                            category        same target    health    another target   http
  RateLimited:           row("Retryable",    "always",      "parks",  "any",           429),
  QuotaExhausted:        row("Critical",     "never",       "parks",  "any",           503),
  Overloaded:            row("Retryable",    "always",      "counts", "any",           503),
  ServerError:           row("Retryable",    "always",      "counts", "any",           502),
  TimedOut:              row("Retryable",    "lastResort",  "counts", "any",           504),
  ConnectionFailed:      row("Retryable",    "always",      "counts", "any",           502),
  MalformedResponse:     row("Retryable",    "once",        "counts", "any",           502),
  StreamInterrupted:     row("NonRetryable", "never",       "counts", "onRequest",     502),
  ContextLengthExceeded: row("NonRetryable", "never",       "-",      "largerWindow",  413),
  RequestTooLarge:       row("NonRetryable", "never",       "-",      "never",         413),
  ContentFiltered:       row("NonRetryable", "never",       "-",      "onRequest",     422),
  ModelNotFound:         row("NonRetryable", "never",       "-",      "any",           500),
  InvalidRequest:        row("NonRetryable", "never",       "-",      "never",         400),
  Conflict:              row("Retryable",    "always",      "-",      "never",         409),
  AuthenticationFailed:  row("Critical",     "never",       "-",      "onRequest",     500),
  PermissionDenied:      row("Critical",     "never",       "-",      "onRequest",     500),
  Unclassified:          row("NonRetryable", "never",       "-",      "never",         500),
  CircuitOpen:           row("NonRetryable", "never",       "-",      "any",           503),
  CircuitHalfOpen:       row("NonRetryable", "never",       "-",      "any",           503),
  BulkheadFull:          row("NonRetryable", "never",       "-",      "any",           503),
  RateLimitExceeded:     row("NonRetryable", "never",       "-",      "any",           429),
  DeadlineExceeded:      row("NonRetryable", "never",       "-",      "never",         504),
  BufferExceeded:        row("NonRetryable", "never",       "-",      "never",         502),
  CredentialsExhausted:  row("Critical",     "never",       "-",      "any",           503),
  AllTargetsFailed:      row("NonRetryable", "never",       "-",      "never",         503)
}

/**
 * What an end user may read for each tag: no provider's text, no model names, no keys, nothing about how the
 * application is built. Replace it, or parts of it, through the second argument of `userMessage`.
 *
 * @since 0.1.0
 * @category User messages
 */
export const userMessages: Readonly<Record<Tag | Rejection["_tag"], string>> = {
  RateLimited: "There are too many requests just now. Please try again in a moment.",
  QuotaExhausted: "The service has reached its usage limit. Please try again later or contact support.",
  Overloaded: "The service is very busy just now. Please try again in a moment.",
  ServerError: "The service has a problem just now. Please try again in a moment.",
  TimedOut: "The answer took too long. Please try again.",
  ConnectionFailed: "The service cannot be reached just now. Please try again in a moment.",
  MalformedResponse: "The service gave an answer that cannot be read. Please try again.",
  StreamInterrupted: "The answer broke off before its end. Please try again.",
  ContextLengthExceeded: "The text is too long. Please shorten it and try again.",
  RequestTooLarge: "The request is too large. Please send less at once.",
  ContentFiltered: "The request was declined by a safety rule. Please rephrase it.",
  ModelNotFound: "The service is not set up correctly. Please contact support.",
  InvalidRequest: "The request cannot be processed. Please change it and try again.",
  Conflict: "The same request is already being worked on. Please try again in a moment.",
  AuthenticationFailed: "The service is not set up correctly. Please contact support.",
  PermissionDenied: "The service is not allowed to answer this. Please contact support.",
  Unclassified: "Something went wrong. Please try again later.",
  CircuitOpen: "The service is recovering from a problem. Please try again in a moment.",
  CircuitHalfOpen: "The service is recovering from a problem. Please try again in a moment.",
  BulkheadFull: "The service is very busy just now. Please try again in a moment.",
  RateLimitExceeded: "There are too many requests just now. Please try again in a moment.",
  DeadlineExceeded: "The answer took too long. Please try again.",
  BufferExceeded: "The answer is too long. Please ask for a shorter one.",
  CredentialsExhausted: "The service is not set up correctly. Please contact support.",
  AllTargetsFailed: "The service has a problem just now. Please try again in a moment."
}

const fixed = Object.fromEntries(
  Object.entries(table).map(([tag, entry]): [string, Traits] => [
    tag,
    {
      ...entry,
      retryable: entry.sameTarget !== "never",
      fallback: entry.otherTarget === "any" || entry.otherTarget === "largerWindow",
      userMessage: userMessages[tag as Tag]
    }
  ])
) as Readonly<Record<Tag | Rejection["_tag"], Traits>>

/**
 * The table's answer for a tag.
 *
 * @internal
 */
export const traitsOf = (tag: Tag | Rejection["_tag"]): Traits => fixed[tag]

/**
 * What a failure means: the table's answer for its tag, unless the failure itself carries `retryable`, which decides
 * for this one instance.
 *
 * @since 0.1.0
 * @category Traits
 */
export const traits = (error: LlmError | Rejection): Traits => {
  const byTag = fixed[error._tag]
  if (isRejection(error) || error.retryable === undefined || error.retryable === byTag.retryable) return byTag
  return { ...byTag, retryable: error.retryable, sameTarget: error.retryable ? "always" : "never" }
}

/**
 * A sentence that is safe to show to an end user. A table of your own, whole or in part, replaces the English one.
 *
 * @since 0.1.0
 * @category User messages
 */
export const userMessage = (
  error: LlmError | Rejection,
  messages?: Partial<Record<Tag | Rejection["_tag"], string>>
): string => messages?.[error._tag] ?? userMessages[error._tag]

/** Whether failures of a tag are signs that their target is ill. @internal */
export const tagCountsAgainstHealth = (tag: string): boolean =>
  Object.hasOwn(fixed, tag) && fixed[tag as Tag].countsAgainstHealth

/** The status for a tag, which may have come from elsewhere. @internal */
export const statusOf = (tag: string): number | undefined =>
  Object.hasOwn(fixed, tag) ? fixed[tag as Tag].httpStatus : undefined
