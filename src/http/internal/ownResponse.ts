/**
 * What the toolkit answers itself, in the words of the API that was asked: its client then fails as it always does.
 *
 * @internal
 */
import * as Duration from "effect/Duration"
import type { Rejection } from "../../Rejection.js"
import type { Family } from "./apis.js"

/** Says that no provider has sent this response, and why it was not asked. @internal */
export const marker = "x-effect-resilience"

/** @internal */
export const ownResponse = (family: Family, rejection: Rejection): Response => {
  const status = rejection._tag === "RateLimitExceeded" || rejection._tag === "BulkheadFull" ? 429 : 503
  const headers = new Headers({
    "content-type": "application/json",
    // The clients of OpenAI and Anthropic would ask again by themselves.
    "x-should-retry": "false",
    [marker]: rejection._tag
  })
  const seconds = "retryAfter" in rejection ? retryAfter(rejection.retryAfter) : undefined
  if (seconds !== undefined) headers.set("retry-after", String(seconds))
  return new Response(JSON.stringify(bodyOf(family, status, rejection.message)), { status, headers })
}

const retryAfter = (wait: Duration.Duration | undefined): number | undefined =>
  wait === undefined || !Duration.isFinite(wait) ? undefined : Math.ceil(Duration.toSeconds(wait))

const bodyOf = (family: Family, status: number, message: string): unknown => {
  const limited = status === 429
  switch (family) {
    case "anthropic":
      return { type: "error", error: { type: limited ? "rate_limit_error" : "overloaded_error", message } }
    case "gemini":
      return { error: { code: status, message, status: limited ? "RESOURCE_EXHAUSTED" : "UNAVAILABLE" } }
    case "ollama":
      return { error: message }
    case "cohere":
    case "bedrock":
      return { message }
    case "openai":
      return { error: { message, type: limited ? "rate_limit_error" : "server_error", param: null, code: null } }
  }
}
