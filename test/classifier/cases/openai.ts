import {
  after,
  auth,
  type Case,
  c,
  conflict,
  context,
  denied,
  filtered,
  invalid,
  large,
  model,
  overloaded,
  quota,
  rate,
  server
} from "./Case.js"

const error = (
  message: string,
  type: string | null = "invalid_request_error",
  code: string | null = null,
  param: string | null = null
) => ({
  error: { message, type, param, code }
})

export const openai: ReadonlyArray<Case> = [
  c(
    "context window",
    400,
    error(
      "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens.",
      "invalid_request_error",
      "context_length_exceeded",
      "messages"
    ),
    context
  ),
  c(
    "context window, code missing",
    400,
    error(
      "This model's maximum context length is 4097 tokens, however you requested 5012 tokens (4012 in your prompt; 1000 for the completion)."
    ),
    context
  ),
  c(
    "one string too long",
    400,
    error(
      "Invalid 'input': string too long. Expected at most 10485760, got 20000000.",
      "invalid_request_error",
      "string_above_max_length"
    ),
    large
  ),
  c(
    "spent quota",
    429,
    error(
      "You exceeded your current quota, please check your plan and billing details.",
      "insufficient_quota",
      "insufficient_quota"
    ),
    quota
  ),
  c("spent quota, code null", 429, error("You exceeded your current quota.", "insufficient_quota"), quota),
  c("spent quota, wording only", 429, error("You exceeded your current quota.", null), quota),
  c("credits", 429, error("Your balance is empty.", null, "credit_balance_exhausted"), quota),
  c(
    "hard limit",
    400,
    error("The account's hard limit was hit.", "invalid_request_error", "billing_hard_limit_reached"),
    quota
  ),
  c(
    "a plan's window",
    429,
    {
      error: {
        type: "usage_limit_reached",
        message: "The usage limit has been reached",
        plan_type: "plus",
        resets_in_seconds: 4200
      }
    },
    after(quota, 4_200_000)
  ),
  c("not in the plan", 403, error("To use this, upgrade.", "usage_not_included"), denied),
  c(
    "prompt flagged",
    400,
    error(
      "Your prompt was flagged. Please try again with a different prompt.",
      "invalid_request_error",
      "invalid_prompt"
    ),
    filtered
  ),
  c("image flagged", 400, error("Rejected.", null, "content_policy_violation"), filtered),
  c(
    "safety system, no names",
    400,
    error("Your request was rejected as a result of our safety system.", null),
    filtered
  ),
  c(
    "locked conversation",
    400,
    error("Another process is operating on this conversation.", "invalid_request_error", "conversation_locked"),
    conflict
  ),
  c(
    "missing scopes",
    401,
    error("You have insufficient permissions for this operation. Missing scopes: model.request."),
    denied
  ),
  c(
    "wrong key",
    401,
    error(
      "Incorrect API key provided: sk-abc***. You can find yours in the dashboard.",
      "invalid_request_error",
      "invalid_api_key"
    ),
    auth
  ),
  c(
    "deactivated account",
    401,
    error("The account is deactivated.", "invalid_request_error", "account_deactivated"),
    auth
  ),
  c(
    "country",
    403,
    error("Country, region, or territory not supported", "request_forbidden", "unsupported_country_region_territory"),
    denied
  ),
  c(
    "unknown model",
    404,
    error(
      "The model `gpt-9` does not exist or you do not have access to it.",
      "invalid_request_error",
      "model_not_found"
    ),
    model
  ),
  c(
    "unknown parameter",
    400,
    error(
      "Unsupported parameter: 'max_tokens' is not supported with this model.",
      "invalid_request_error",
      "unsupported_parameter",
      "max_tokens"
    ),
    invalid
  ),
  c(
    "value out of range",
    400,
    error("Invalid 'temperature': decimal above maximum value.", "invalid_request_error", "decimal_above_max_value"),
    invalid
  ),
  c(
    "previous response gone",
    404,
    error("Previous response with id 'resp_1' not found.", "invalid_request_error", "previous_response_not_found"),
    invalid
  ),
  c(
    "one request above the minute's tokens",
    429,
    error(
      "Request too large for gpt-4 in organization org-1 on tokens per min (TPM): Limit 10000, Requested 12811.",
      "tokens",
      "rate_limit_exceeded"
    ),
    large
  ),
  c(
    "requested above the limit, other words",
    429,
    error(
      "Rate limit reached on tokens per min (TPM): Limit 10000, Used 0, Requested 12811. Please try again in 6s.",
      "tokens",
      "rate_limit_exceeded"
    ),
    after(rate, 6_000)
  ),
  c(
    "tokens per minute",
    429,
    error(
      "Rate limit reached for gpt-4 on tokens per min (TPM): Limit 40000, Used 39000, Requested 2120. Please try again in 1.984999999s.",
      "tokens",
      "rate_limit_exceeded"
    ),
    after(rate, 1_985)
  ),
  c(
    "requests per minute",
    429,
    error(
      "Rate limit reached for gpt-4 on requests per min (RPM): Limit 3, Used 3, Requested 1. Please try again in 174ms.",
      "requests",
      "rate_limit_exceeded"
    ),
    after(rate, 174)
  ),
  c(
    "requests per day, minutes away",
    429,
    error(
      "Rate limit reached on requests per day (RPD): Limit 200, Used 200, Requested 1. Please try again in 7m12s.",
      "requests",
      "rate_limit_exceeded"
    ),
    after(rate, 432_000)
  ),
  c(
    "requests per day, days away",
    429,
    error(
      "Rate limit reached on requests per day (RPD): Limit 200, Used 200, Requested 1. Please try again in 114h18m0s.",
      "requests",
      "rate_limit_exceeded"
    ),
    after(quota, 411_480_000)
  ),
  c(
    "rate limit, type only",
    429,
    error("Rate limit reached for default-model in organization org-1 on requests.", "requests"),
    rate
  ),
  c("slow down", 429, error("Slow down.", "rate_limit_error", "slow_down"), after(rate, 20_000), {
    "Retry-After": "20"
  }),
  c("plain 429", 429, "", rate),
  c("used-up requests, only in the headers", 429, error("Too many requests", "requests"), after(rate, 1_570), {
    "x-ratelimit-remaining-requests": "0",
    "x-ratelimit-reset-requests": "1.57s",
    "x-ratelimit-remaining-tokens": "39000",
    "x-ratelimit-reset-tokens": "6m0s"
  }),
  c("the headers of limits on a 400", 400, error("Bad value.", "invalid_request_error", "invalid_value"), invalid, {
    "x-ratelimit-remaining-requests": "0",
    "x-ratelimit-reset-requests": "1.57s"
  }),
  c(
    "overloaded by name",
    503,
    error("Come back later.", "service_unavailable_error", "server_is_overloaded"),
    overloaded
  ),
  c("flex capacity", 429, error("Not enough resources for this tier.", null, "resource_unavailable"), overloaded),
  c(
    "overloaded by words",
    503,
    error("That model is currently overloaded with other requests.", "server_error"),
    overloaded
  ),
  c(
    "server error",
    500,
    error("The server had an error while processing your request. Sorry about that!", "server_error"),
    server
  ),
  c("server error, another reason", 503, error("Backend failed.", "server_error"), server),
  c(
    "not retried, says the header",
    500,
    error("The server had an error processing your request.", "server_error"),
    ["ServerError", "stop", undefined, "fallback"],
    { "x-should-retry": "false" }
  ),
  c("wrong path", 404, error("Invalid URL (POST /v1/chat/completion)"), invalid),
  c(
    "wrong endpoint for the model",
    404,
    error(
      "This is not a chat model and thus not supported in the v1/chat/completions endpoint.",
      "invalid_request_error",
      null,
      "model"
    ),
    model
  ),
  c("unverified organization", 403, error("Your organization must be verified to use the model `o3`."), denied),
  c(
    "an unverified organization under the name of a value",
    400,
    error("Your organization must be verified to stream this model.", "invalid_request_error", "unsupported_value"),
    denied
  ),
  c("words only", 400, error("Invalid value for 'messages': expected an array."), invalid),
  c("digits in the words", 400, error("Invalid schema at position 503: got 429 items, 500 allowed."), invalid)
]
