/**
 * What the toolkit answers itself, in the words of the API that was asked: its client then fails as it always does.
 *
 * @internal
 */
import * as Duration from "effect/Duration"
import { RequestTooLarge } from "../../internal/errors/llmError.js"
import { isRejection, type Rejection } from "../../Rejection.js"
import type { Family } from "./apis.js"

/** Says that no provider has sent this response, and why it was not asked. @internal */
export const marker = "x-effect-resilience"

/** Whether the toolkit itself has something to say, as a response: what a limit or a circuit has refused. @internal */
export const isOwn = (failure: unknown): failure is Refusal =>
  isRejection(failure) ? failure._tag !== "DeadlineExceeded" : failure instanceof RequestTooLarge

type Refusal = Rejection | RequestTooLarge

/** @internal */
export const ownResponse = (family: Family, refusal: Refusal): Response => {
  const status = statusOf(refusal)
  const headers = new Headers({
    "content-type": "application/json",
    // The clients of OpenAI and Anthropic would ask again by themselves.
    "x-should-retry": "false",
    [marker]: refusal._tag
  })
  const { as, body } = words[family](status, refusal.message)
  if (as !== undefined) headers.set("x-amzn-errortype", as)
  const seconds = "retryAfter" in refusal ? retryAfter(refusal.retryAfter) : undefined
  if (seconds !== undefined) headers.set("retry-after", String(seconds))
  return new Response(JSON.stringify(body), { status, headers })
}

type Status = 413 | 429 | 503

const statusOf = ({ _tag }: Refusal): Status => {
  if (_tag === "RequestTooLarge") return 413
  return _tag === "RateLimitExceeded" || _tag === "BulkheadFull" ? 429 : 503
}

const retryAfter = (wait: Duration.Duration | undefined): number | undefined =>
  wait === undefined || !Duration.isFinite(wait) ? undefined : Math.ceil(Duration.toSeconds(wait))

interface Said {
  readonly body: unknown
  /** The name of the failure, where a header has it. */
  readonly as?: string
}

const words: Readonly<Record<Family, (status: Status, message: string) => Said>> = {
  openai: (status, message) => ({
    body: {
      error: {
        message,
        type: { 413: "invalid_request_error", 429: "rate_limit_error", 503: "server_error" }[status],
        param: null,
        code: { 413: null, 429: "rate_limit_exceeded", 503: null }[status]
      }
    }
  }),
  anthropic: (status, message) => ({
    body: {
      type: "error",
      error: { type: { 413: "request_too_large", 429: "rate_limit_error", 503: "overloaded_error" }[status], message }
    }
  }),
  gemini: (status, message) => ({
    body: {
      error: {
        code: status,
        message,
        status: { 413: "INVALID_ARGUMENT", 429: "RESOURCE_EXHAUSTED", 503: "UNAVAILABLE" }[status]
      }
    }
  }),
  ollama: (_, message) => ({ body: { error: message } }),
  cohere: (_, message) => ({ body: { message } }),
  bedrock: (status, message) => ({
    body: { message },
    as: { 413: "ValidationException", 429: "ThrottlingException", 503: "ServiceUnavailableException" }[status]
  })
}
