import type { LlmError } from "effect-resilience"

/** One response, and what it must be read to mean. */
export interface Case {
  readonly title: string
  readonly status: number
  readonly body: unknown
  readonly headers: Record<string, string>
  readonly tag: LlmError.Tag
  readonly retryable: boolean
  /** In milliseconds. */
  readonly hint: number | undefined
  readonly fallback: boolean
}

export type Expected = readonly [
  tag: LlmError.Tag,
  again: "retry" | "stop",
  hint: number | undefined,
  elsewhere: "fallback" | "stay"
]

export const c = (
  title: string,
  status: number,
  body: unknown,
  [tag, again, hint, elsewhere]: Expected,
  headers: Record<string, string> = {}
): Case => ({
  title,
  status,
  body,
  headers,
  tag,
  retryable: again === "retry",
  hint,
  fallback: elsewhere === "fallback"
})

const none = undefined

// What the table of traits says of each tag, without a hint; rows whose failure carries its own answer spell it out.
export const rate: Expected = ["RateLimited", "retry", none, "fallback"]
export const quota: Expected = ["QuotaExhausted", "stop", none, "fallback"]
export const overloaded: Expected = ["Overloaded", "retry", none, "fallback"]
export const server: Expected = ["ServerError", "retry", none, "fallback"]
export const broken: Expected = ["ServerError", "stop", none, "fallback"]
export const timedOut: Expected = ["TimedOut", "retry", none, "fallback"]
export const malformed: Expected = ["MalformedResponse", "retry", none, "fallback"]
export const context: Expected = ["ContextLengthExceeded", "stop", none, "fallback"]
export const large: Expected = ["RequestTooLarge", "stop", none, "stay"]
export const filtered: Expected = ["ContentFiltered", "stop", none, "stay"]
export const model: Expected = ["ModelNotFound", "stop", none, "fallback"]
export const invalid: Expected = ["InvalidRequest", "stop", none, "stay"]
export const conflict: Expected = ["Conflict", "retry", none, "stay"]
export const auth: Expected = ["AuthenticationFailed", "stop", none, "stay"]
export const denied: Expected = ["PermissionDenied", "stop", none, "stay"]

/** The same, with a hint in milliseconds. */
export const after = ([tag, again, , elsewhere]: Expected, hint: number): Expected => [tag, again, hint, elsewhere]
