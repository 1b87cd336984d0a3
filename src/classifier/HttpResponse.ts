/**
 * A failed HTTP response becomes an `LlmError`.
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import type { LlmError } from "../internal/errors/llmError.js"
import type { Meaning, Rule } from "./Dialect.js"
import { choose } from "./Dialects.js"
import { gather, type HeadersInput, headersOf } from "./Facts.js"
import { type Described, ofResponse } from "./Failures.js"
import { retryHint } from "./RetryHint.js"
import { firstFit } from "./Rows.js"
import { codeOf, requestIdOf } from "./Safe.js"
import type { Facts } from "./Said.js"
import { tokensOf } from "./Tokens.js"

/**
 * A response that is a failure, as any HTTP client has it.
 *
 * @since 0.1.0
 * @category Models
 */
export interface HttpFailure {
  readonly status: number
  /** A record, a `Headers`, or pairs; names in any case. */
  readonly headers?: HeadersInput | undefined
  /** The body: text, bytes, or already parsed. */
  readonly body?: unknown
  /** Whose dialect it is. Recognised from the headers and the body where it is not said. */
  readonly provider?: string | undefined
  /** The target's name, as the toolkit knows it. */
  readonly target?: string | undefined
  readonly model?: string | undefined
  /**
   * The time now, in milliseconds since 1970, for hints that name a moment. The response's own `date` header goes
   * before it.
   */
  readonly now?: number | undefined
}

/**
 * What the tables make of a response, before what the server says of coming back is weighed.
 *
 * @internal
 */
export const meaningOf = (failure: HttpFailure): Meaning => {
  const facts = factsOf(failure)
  return firstFit(choose(failure.provider, failure.target, facts).order, facts) ?? byClass(facts.status)
}

/**
 * What was read, with the row that decided.
 *
 * @internal
 */
export interface Examined {
  readonly verdict: Meaning
  readonly about: Described
  readonly rule: Rule | undefined
}

const anHour = 3_600_000

/** @internal */
export const fromHttpResponse = (failure: HttpFailure): LlmError => {
  const { about, verdict } = examine(failure)
  return ofResponse(verdict, about, failure)
}

/** @internal */
export const examine = (failure: HttpFailure): Examined => {
  const facts = factsOf(failure)
  const { order, provider } = choose(failure.provider, failure.target, facts)
  const rule = firstFit(order, facts)
  const first = rule ?? byClass(facts.status)
  const zone = order.find((dialect) => dialect.zone !== undefined)?.zone
  const hint = retryHint(facts, failure.now, limits.has(first.is), zone)
  const weighed = byHint(first, rule, hint.wait, facts)
  const verdict: Meaning =
    weighed.is === "RateLimited" && outlasts(hint.wait, facts) ? { is: "QuotaExhausted" } : weighed
  const tokens = verdict.is === "ContextLengthExceeded" ? tokensOf(facts) : undefined
  const about: Described = {
    status: failure.status,
    target: failure.target,
    provider,
    model: failure.model,
    code: codeOf(facts, rule),
    requestId: requestIdOf(facts),
    retryAfter: hint.wait === undefined ? undefined : Duration.millis(hint.wait),
    retryable: overridden(verdict, facts),
    resetsAt: verdict.is === "QuotaExhausted" && verdict.resets !== false ? dateOf(hint.until) : undefined,
    limit: tokens?.limit,
    requested: tokens?.requested,
    said: facts.message
  }
  return { verdict, about, rule }
}

/**
 * A server that says when to come back knows better than any reckoning with its limit, and better than words that are
 * said of a spent quota and of a limit per minute alike.
 */
const byHint = (first: Meaning, rule: Rule | undefined, wait: number | undefined, facts: Facts): Meaning => {
  if (wait === undefined) return first
  const beaten = (first.is === "RequestTooLarge" && facts.oversized) || (rule?.soft === true && wait <= anHour)
  return beaten ? { is: "RateLimited" } : first
}

/** A body or headers that throw when they are looked at say nothing. */
const factsOf = (failure: HttpFailure): Facts => {
  for (const attempt of [failure, { ...failure, body: undefined }]) {
    try {
      return gather(failure.status, headersOf(attempt.headers), attempt.body)
    } catch {}
  }
  return gather(failure.status, new Map(), undefined)
}

/** What these say of used-up limits is a hint; in any other response it is by the way. */
const limits = new Set<string>(["RateLimited", "QuotaExhausted", "Overloaded"])

/** What only the status is known of. */
const byClass = (status: number): Meaning => ({
  is:
    status >= 500 && status < 600
      ? "ServerError"
      : status >= 300 && status < 500
        ? "InvalidRequest"
        : status >= 200 && status < 300
          ? "MalformedResponse"
          : "Unclassified"
})

const longWindow = /per[ _-](?:day|week|month)|\((?:tpd|rpd)\)|(?:daily|weekly|monthly) .{0,40}limit/

/** A limit that is in force for longer than anyone waits is a quota. */
const outlasts = (wait: number | undefined, facts: Facts): boolean =>
  wait === undefined ? longWindow.test(facts.words) : wait > anHour

/**
 * What the server says about trying again goes before the table, with one exception: nothing makes money that is spent
 * come back.
 */
const overridden = (verdict: Meaning, facts: Facts): boolean | undefined => {
  const header = facts.header("x-should-retry")?.toLowerCase()
  const said = header ?? (facts.values("error_code").length > 0 ? facts.values("retryable")[0] : undefined)
  if (said === "false") return false
  if (said === "true" && verdict.is !== "QuotaExhausted") return true
  return verdict.retryable
}

const dateOf = (millis: number | undefined): DateTime.Utc | undefined =>
  millis === undefined ? undefined : DateTime.unsafeMake(millis)
