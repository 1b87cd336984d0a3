/**
 * What a call that has failed is to whoever made it: the provider's own answer where it is about the request, and a
 * status and a safe message where it is about who serves it.
 *
 * @internal
 */
import * as Duration from "effect/Duration"
import { failureOf } from "../../internal/errors/failureOf.js"
import { type LlmError, userMessages } from "../../LlmError.js"
import type { Rejection } from "../../Rejection.js"
import type { Problem } from "./server/problem.js"

type Tag = (LlmError | Rejection)["_tag"]

/** Whose concern a failure is: of whoever asked for something that cannot be had, of time, or of who serves it. */
type Kind = "caller" | "limited" | "late" | "down"

const kinds: { readonly [tag in Tag]?: Kind } = {
  ContextLengthExceeded: "caller",
  RequestTooLarge: "caller",
  ContentFiltered: "caller",
  ModelNotFound: "caller",
  InvalidRequest: "caller",
  Conflict: "caller",
  RateLimited: "limited",
  QuotaExhausted: "limited",
  BulkheadFull: "limited",
  RateLimitExceeded: "limited",
  TimedOut: "late",
  DeadlineExceeded: "late"
}

const kindOf = (tag: string | undefined): Kind => kinds[tag as Tag] ?? "down"

/** @internal */
export interface Told {
  readonly problem: Problem
  /** The provider's own answer is about the request, and is to be passed on if there is one: that of this target. */
  readonly from: string | undefined
}

/** @internal */
export const told = (thrown: unknown, lastAsked: string): Told => {
  const failure = failureOf(thrown)
  if (failure._tag !== "AllTargetsFailed") return tell(failure._tag, kindOf(failure._tag), waitOf(failure), lastAsked)
  const { targets } = failure
  // What the others said was said to a request that was meant for the first.
  const first = targets.find(({ asked }) => asked) ?? targets[0]
  const kind = kindOf(first?.tag)
  const shared = kind === "caller" || targets.every(({ tag }) => kindOf(tag) === kind) ? kind : "down"
  const tag = shared === kind ? (first?.tag as Tag | undefined) : undefined
  return tell(tag ?? failure._tag, shared, failure.retryAfter, first?.target ?? lastAsked)
}

const statuses: { readonly [kind in Kind]: number } = { caller: 400, limited: 429, late: 504, down: 503 }

const tell = (code: Tag, kind: Kind, wait: Duration.Duration | undefined, target: string): Told => {
  const retryAfter = kind === "limited" ? (secondsOf(wait) ?? 1) : kind === "down" ? secondsOf(wait) : undefined
  return {
    problem: { status: statuses[kind], message: userMessages[code], code, retryAfter },
    from: kind === "caller" ? target : undefined
  }
}

const waitOf = (failure: LlmError | Rejection): Duration.Duration | undefined =>
  "retryAfter" in failure ? failure.retryAfter : undefined

const secondsOf = (wait: Duration.Duration | undefined): number | undefined =>
  wait === undefined || !Duration.isFinite(wait) ? undefined : Math.max(1, Math.ceil(Duration.toSeconds(wait)))
