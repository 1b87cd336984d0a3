import {
  after,
  auth,
  type Case,
  c,
  context,
  denied,
  filtered,
  invalid,
  large,
  malformed,
  model,
  overloaded,
  quota,
  rate,
  server,
  timedOut
} from "./Case.js"

const error = (type: string, message: string, more: object = {}) => ({
  type: "error",
  error: { type, message, ...more },
  request_id: "req_011CAAAAAAAAAAAAAAAAAAAA"
})

export const anthropic: ReadonlyArray<Case> = [
  c(
    "prompt too long",
    400,
    error("invalid_request_error", "prompt is too long: 210345 tokens > 200000 maximum"),
    context
  ),
  c(
    "input and max_tokens together",
    400,
    error(
      "invalid_request_error",
      "input length and `max_tokens` exceed context limit: 196395 + 64000 > 204698, decrease input length or `max_tokens` and try again"
    ),
    context
  ),
  c("tokens as 413", 413, error("invalid_request_error", "Request size exceeds model context window"), context),
  c("bytes as 413", 413, error("request_too_large", "Request exceeds the maximum size"), large),
  c(
    "an image too large",
    400,
    error(
      "invalid_request_error",
      "messages.0.content.1.image.source.base64: image exceeds 5 MB maximum: 6291456 bytes > 5242880 bytes"
    ),
    large
  ),
  c(
    "credit",
    400,
    error(
      "invalid_request_error",
      "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing."
    ),
    quota
  ),
  c(
    "C6: spend limit with its date, date header known",
    400,
    error(
      "invalid_request_error",
      "You have reached your specified API usage limits. You will regain access on 2026-04-01 at 00:00 UTC."
    ),
    after(quota, 86_400_000),
    { date: "Tue, 31 Mar 2026 00:00:00 GMT" }
  ),
  c(
    "spend limit with its date, no date header",
    400,
    error(
      "invalid_request_error",
      "You have reached your specified API usage limits. You will regain access on 2026-04-01 at 00:00 UTC."
    ),
    quota
  ),
  c("disabled organization", 400, error("invalid_request_error", "This organization has been disabled."), denied),
  c(
    "credential of another product",
    400,
    error(
      "invalid_request_error",
      "This credential is only authorized for use with one client and cannot be used for other API requests."
    ),
    denied
  ),
  c(
    "extra usage is out",
    400,
    error("invalid_request_error", "You're out of extra usage. Add more in the settings and keep going."),
    quota
  ),
  c("output filter", 400, error("invalid_request_error", "Output blocked by content filtering policy"), filtered),
  c(
    "a parameter that names max_tokens",
    400,
    error(
      "invalid_request_error",
      "max_tokens: 100000 > 64000, which is the maximum allowed number of output tokens for this model"
    ),
    invalid
  ),
  c(
    "prefill",
    400,
    error(
      "invalid_request_error",
      "This model does not support assistant message prefill. The conversation must end with a user message."
    ),
    invalid
  ),
  c("wrong field", 400, error("invalid_request_error", "messages.0.content.0.text: Field required"), invalid),
  c("key", 401, error("authentication_error", "invalid x-api-key"), auth),
  c(
    "cors is not the key",
    401,
    error("authentication_error", "CORS requests are not allowed for this Organization because of its settings."),
    denied
  ),
  c("billing", 402, error("billing_error", "There is a problem with the payment method."), quota),
  c("permission", 403, error("permission_error", "Your account does not have access to this resource."), denied),
  c("edge 403", 403, { error: { type: "forbidden", message: "Request not allowed" } }, denied),
  c("model", 404, error("not_found_error", "model: claude-9"), model),
  c("path", 404, error("not_found_error", "Not Found"), invalid),
  c("conflict", 409, error("conflict_error", "The resource is in another state."), [
    "Conflict",
    "stop",
    undefined,
    "stay"
  ]),
  c(
    "rate limit with a hint",
    429,
    error(
      "rate_limit_error",
      "This request would exceed your organization's rate limit of 50,000 input tokens per minute. Please reduce the prompt length or the maximum tokens requested, or try again later."
    ),
    after(rate, 37_000),
    { "retry-after": "37" }
  ),
  c(
    "rate limit, the reset is the only hint",
    429,
    error("rate_limit_error", "Number of request tokens has exceeded your per-minute rate limit"),
    after(rate, 12_000),
    {
      date: "Tue, 26 Mar 2024 19:59:48 GMT",
      "anthropic-ratelimit-tokens-remaining": "0",
      "anthropic-ratelimit-tokens-reset": "2024-03-26T20:00:00Z",
      "anthropic-ratelimit-requests-remaining": "48",
      "anthropic-ratelimit-requests-reset": "2024-03-26T20:01:00Z"
    }
  ),
  c(
    "the five hours' window",
    429,
    error("rate_limit_error", "This request would exceed your account's rate limit. Please try again later."),
    after(quota, 13_262_000),
    {
      "retry-after": "13262",
      "anthropic-ratelimit-unified-5h-status": "rejected",
      "anthropic-ratelimit-unified-5h-reset": "1774900000"
    }
  ),
  c(
    "a window about to end",
    429,
    error("rate_limit_error", "This request would exceed your account's rate limit. Please try again later."),
    after(quota, 600_000),
    { "retry-after": "600", "anthropic-ratelimit-unified-status": "rejected" }
  ),
  c("the week's window", 429, error("rate_limit_error", "Error"), quota, {
    "anthropic-ratelimit-unified-7d-status": "rejected"
  }),
  c("weekly limit in words", 429, error("rate_limit_error", "You have hit your weekly limit."), quota),
  c(
    "enforced spend limit",
    429,
    error("rate_limit_error", "Spend limit enforced", { details: { error_code: "enforced_spend_limit_reached" } }),
    quota
  ),
  c(
    "long context is not in the plan",
    429,
    error("rate_limit_error", "Extra usage is required for long context requests."),
    model
  ),
  c(
    "long context is not in the plan, as 400",
    400,
    error("invalid_request_error", "Usage credits are required for long context requests."),
    model
  ),
  c("server", 500, error("api_error", "Internal server error"), server),
  c("server, other words", 500, error("api_error", "Oops"), server),
  c("overloaded as 500", 500, error("api_error", "Overloaded"), overloaded),
  c("overloaded", 529, error("overloaded_error", "Overloaded"), overloaded),
  c(
    "overloaded, from the edge",
    529,
    { error: { type: "overloaded_error", message: "Overloaded", details: null } },
    overloaded
  ),
  c("timeout", 504, error("timeout_error", "Request timed out"), timedOut),
  c(
    "its OpenAI endpoint, code against type",
    429,
    { error: { code: "rate_limit_error", message: "Too fast", type: "invalid_request_error", param: null } },
    rate
  ),
  c(
    "retried, says the header",
    400,
    error("invalid_request_error", "Something odd"),
    ["InvalidRequest", "retry", undefined, "stay"],
    { "x-should-retry": "true" }
  ),
  c(
    "spent money stays spent, whatever the header says",
    400,
    error("invalid_request_error", "Your credit balance is too low."),
    quota,
    { "x-should-retry": "true" }
  ),
  c(
    "refusal in a 200",
    200,
    { type: "message", role: "assistant", content: [], stop_reason: "refusal", stop_details: { category: "cyber" } },
    filtered
  ),
  c("nothing in a 200", 200, "", malformed)
]
