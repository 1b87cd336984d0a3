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
  server
} from "./Case.js"

const openAi = (message: string, type: string | null = null, code: string | null = null) => ({
  error: { message, type, code }
})

export const mistral: ReadonlyArray<Case> = [
  c(
    "rate",
    429,
    {
      object: "error",
      message: "Rate limit exceeded",
      type: "rate_limited",
      param: null,
      code: "1300",
      raw_status_code: 429
    },
    rate
  ),
  c("rate, from its gateway", 429, { message: "Requests rate limit exceeded" }, rate),
  c(
    "capacity",
    429,
    {
      object: "error",
      message: "Service tier capacity exceeded for this model.",
      type: "service_tier_capacity_exceeded",
      param: null,
      code: "3505"
    },
    overloaded
  ),
  c(
    "capacity, older",
    429,
    {
      object: "error",
      message: "Service tier capacity exceeded for this model.",
      type: "invalid_request_error",
      param: null,
      code: null
    },
    overloaded
  ),
  c(
    "context",
    400,
    {
      object: "error",
      message: "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
      type: "invalid_request_error",
      param: null,
      code: "3051"
    },
    context
  ),
  c(
    "model",
    400,
    { object: "error", message: "Invalid model: mistral-huge", type: "invalid_model", param: null, code: "1500" },
    model
  ),
  c("key", 401, { detail: "Unauthorized" }, auth),
  c("subscription", 402, { message: "Inactive subscription or usage limit reached." }, quota),
  c("path", 404, { message: "no Route matched with those values" }, invalid),
  c(
    "validation",
    422,
    {
      object: "error",
      message: {
        detail: [{ type: "missing", loc: ["body", "messages"], msg: "Field required", input: { text: "rate limit" } }]
      },
      type: "invalid_request_error"
    },
    invalid
  ),
  c(
    "window full in a 200",
    200,
    { choices: [{ index: 0, message: { role: "assistant", content: "" }, finish_reason: "model_length" }] },
    context
  )
]

export const groq: ReadonlyArray<Case> = [
  c(
    "minute's tokens in one request",
    413,
    openAi(
      "Request too large for model `x` on tokens per minute (TPM): Limit 6000, Requested 6294, please reduce your message size and try again.",
      "tokens",
      "rate_limit_exceeded"
    ),
    large
  ),
  c(
    "the same, older, with a false hint",
    429,
    openAi(
      "Rate limit reached for model `x` on tokens per minute (TPM): Limit 7000, Used 0, Requested ~12903. Please try again in 50.597142857s.",
      "tokens",
      "rate_limit_exceeded"
    ),
    after(rate, 50_598)
  ),
  c("413 without telling words", 413, openAi("Reduce your message.", "tokens", "rate_limit_exceeded"), large),
  c(
    "minute",
    429,
    openAi(
      "Rate limit reached for model `x` on tokens per minute (TPM): Limit 6000, Used 5034, Requested 1443. Please try again in 4.77s.",
      "tokens",
      "rate_limit_exceeded"
    ),
    after(rate, 4_770)
  ),
  c(
    "header before prose",
    429,
    openAi(
      "Rate limit reached for model `x` on tokens per minute (TPM): Limit 6000, Used 5034, Requested 1443. Please try again in 4.77s.",
      "tokens",
      "rate_limit_exceeded"
    ),
    after(rate, 5_000),
    { "retry-after": "5", "x-groq-region": "dls" }
  ),
  c(
    "day, minutes away",
    429,
    openAi(
      "Rate limit reached for model `x` on tokens per day (TPD): Limit 100000, Used 97050, Requested 3619. Please try again in 9m38.016s. Visit https://console.groq.com/docs for more.",
      "tokens",
      "rate_limit_exceeded"
    ),
    after(rate, 578_016)
  ),
  c(
    "tool call of the model's making",
    400,
    {
      error: {
        message: "Failed to call a function. Please adjust your prompt.",
        type: "invalid_request_error",
        code: "tool_use_failed",
        failed_generation: "<function=rate_limit_exceeded>"
      }
    },
    malformed
  ),
  c(
    "json of the model's making",
    400,
    openAi("Failed to generate JSON.", "invalid_request_error", "json_validate_failed"),
    malformed
  ),
  c("flex", 498, openAi("Flex tier capacity exceeded.", "internal_server_error", "capacity_exceeded"), overloaded),
  c("flex, empty", 498, "", overloaded),
  c(
    "decommissioned",
    400,
    openAi(
      "The model `x` has been decommissioned and is no longer supported.",
      "invalid_request_error",
      "model_decommissioned"
    ),
    model
  ),
  c(
    "terms",
    400,
    openAi("The model requires terms acceptance.", "invalid_request_error", "model_terms_required"),
    denied
  ),
  c(
    "restricted",
    400,
    openAi(
      "Organization has been restricted. Please reach out to support.",
      "invalid_request_error",
      "organization_restricted"
    ),
    denied
  ),
  c("spend", 400, openAi("Blocked by a spend alert.", "invalid_request_error", "blocked_api_access"), quota),
  c("bytes", 413, openAi("Request Entity Too Large", "invalid_request_error", "request_too_large"), large),
  c(
    "over capacity",
    503,
    openAi("Model x is currently over capacity. Please try again and back off exponentially.", "internal_server_error"),
    overloaded,
    { "x-groq-region": "dls" }
  ),
  c(
    "context without a name",
    400,
    openAi("Please reduce the length of the messages or completion.", "invalid_request_error"),
    context,
    { "x-groq-region": "dls" }
  )
]

export const deepseek: ReadonlyArray<Case> = [
  c("balance", 402, openAi("Insufficient Balance", "unknown_error", "invalid_request_error"), quota),
  c("key", 401, openAi("Authentication Fails (no such user)", "authentication_error", "invalid_request_error"), auth),
  c("model", 400, openAi("Model Not Exist", "invalid_request_error", "invalid_request_error"), model),
  c(
    "context",
    400,
    openAi(
      "This model's maximum context length is 131072 tokens. However, you requested 140000 tokens.",
      "invalid_request_error",
      "invalid_request_error"
    ),
    context
  ),
  c("risk", 400, openAi("Content Exists Risk", "invalid_request_error", "invalid_request_error"), filtered),
  c("rate", 429, openAi("Rate limit reached", "unknown_error", "invalid_request_error"), rate),
  c(
    "busy",
    503,
    openAi(
      "Service is too busy. We advise users to switch for a while.",
      "service_unavailable_error",
      "invalid_request_error"
    ),
    overloaded
  ),
  c("busy, words only", 503, openAi("Service is too busy.", null, "invalid_request_error"), overloaded),
  c("server", 500, openAi("Failed.", "unknown_error", "invalid_request_error"), server),
  c(
    "parameters",
    422,
    openAi("Failed to deserialize the JSON body", "invalid_request_error", "invalid_request_error"),
    invalid
  ),
  c(
    "resources in a 200",
    200,
    { choices: [{ index: 0, message: { content: "" }, finish_reason: "insufficient_system_resource" }] },
    overloaded
  ),
  c("keep-alives in a 200", 200, "\n\n\n\n\n\n", malformed)
]

export const xai: ReadonlyArray<Case> = [
  c(
    "credits, 429",
    429,
    {
      code: "Some resource has been exhausted",
      error: "Your team has either used all available credits or reached its monthly spending limit."
    },
    quota
  ),
  c(
    "credits, 403",
    403,
    {
      code: "The caller does not have permission to execute the specified operation",
      error: "Your newly created team doesn't have any credits or licenses yet. Purchase them on https://console.x.ai."
    },
    quota
  ),
  c(
    "credits, a plain string",
    429,
    '"Your team has either used all available credits or reached its monthly spending limit."',
    quota
  ),
  c(
    "rate",
    429,
    {
      code: "Some resource has been exhausted: too many requests",
      error: "Too many requests for team t. Your team's rate limit is 1 request per second."
    },
    rate
  ),
  c("exhausted, nothing more", 429, { code: "Some resource has been exhausted", error: "Slow." }, rate),
  c(
    "context",
    400,
    {
      code: "Client specified an invalid argument",
      error: "This model's maximum prompt length is 131072 but the request contains 140000 tokens."
    },
    context
  ),
  c(
    "key as 400",
    400,
    {
      code: "Client specified an invalid argument",
      error: "Incorrect API key provided: xa***. You can obtain one from https://console.x.ai."
    },
    auth
  ),
  c(
    "model",
    404,
    {
      code: "Some requested entity was not found",
      error: "The model grok-9 does not exist or your team t does not have access to it."
    },
    model
  ),
  c(
    "guidelines",
    403,
    {
      code: "The caller does not have permission to execute the specified operation",
      error: "Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_BIO"
    },
    filtered
  ),
  c(
    "permission",
    403,
    { code: "The caller does not have permission to execute the specified operation", error: "No." },
    denied
  ),
  c(
    "capacity",
    503,
    {
      code: "The service is currently unavailable",
      error: "Service temporarily unavailable. The model is at capacity and currently cannot serve this request."
    },
    overloaded
  ),
  c("one string", 401, { error: "No API key provided. Specify it in the header." }, auth),
  c(
    "nested",
    400,
    { error: { message: "Argument not supported on this model: presencePenalty", code: "400" } },
    invalid
  )
]

export const cohere: ReadonlyArray<Case> = [
  c("minute", 429, { id: "1", message: "You are using a Trial key, which is limited to 40 API calls / minute." }, rate),
  c(
    "month",
    429,
    { id: "1", message: "You are using a Trial key, which is limited to 1000 API calls / month." },
    quota
  ),
  c("trial tokens", 429, { message: "trial token rate limit exceeded, limit is 100000 tokens per minute" }, rate),
  c(
    "context",
    400,
    { message: "too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 4292." },
    context
  ),
  c("key", 401, { message: "invalid api token" }, auth),
  c("model", 404, { message: "model 'command-9' not found, make sure the correct model ID was used" }, model),
  c("deny list", 498, { message: "blocked" }, filtered),
  c("server", 500, { message: "oops" }, server),
  c("failed in a 200", 200, { id: "1", finish_reason: "ERROR", message: { role: "assistant" } }, server),
  c("toxic in a 200", 200, { id: "1", finish_reason: "ERROR_TOXIC" }, filtered)
]

export const together: ReadonlyArray<Case> = [
  c(
    "rate under the name of credit",
    429,
    openAi(
      "You have been rate limited. Your rate limit is 60 queries per minute. Please upgrade to a paid plan.",
      "credit_limit"
    ),
    rate
  ),
  c(
    "credit",
    402,
    {
      id: "o3",
      error: {
        message: "Credit limit exceeded. Please add credit or upgrade your plan.",
        type: "credit_limit",
        param: null,
        code: null
      }
    },
    quota
  ),
  c("dynamic", 429, openAi("Traffic rose too quickly.", "dynamic_request_limited"), rate),
  c(
    "rate of one model",
    429,
    openAi(
      "You have reached the rate limit specific to this model x. The maximum rate limit for this model is 9.0 queries."
    ),
    rate
  ),
  c("model", 404, openAi("Not here.", "invalid_request_error", "model_not_available"), model),
  c(
    "dedicated only",
    400,
    openAi("Unable to access non-serverless model x. Please create an endpoint.", "invalid_request_error"),
    model
  ),
  c(
    "context",
    422,
    openAi(
      "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 8193. Given: 9000 `inputs` tokens and 512 `max_new_tokens`",
      "invalid_request_error"
    ),
    context
  ),
  c("overloaded", 503, openAi("The server is overloaded or not ready yet.", "service_unavailable"), overloaded)
]

export const cerebras: ReadonlyArray<Case> = [
  c(
    "tokens per minute",
    429,
    {
      message: "Tokens per minute limit exceeded - too many tokens processed.",
      type: "too_many_tokens_error",
      param: "quota",
      code: "token_quota_exceeded"
    },
    rate
  ),
  c("tokens per minute, words only", 429, '"Tokens limit exceeded - too many tokens processed."', rate),
  c(
    "tokens per day",
    429,
    {
      message: "Tokens per day limit exceeded - too many tokens processed.",
      type: "too_many_tokens_error",
      param: "quota",
      code: "token_quota_exceeded"
    },
    quota
  ),
  c(
    "requests",
    429,
    {
      message: "Requests per minute limit exceeded - too many requests sent.",
      type: "too_many_requests_error",
      param: "quota",
      code: "request_quota_exceeded"
    },
    rate
  ),
  c(
    "queue",
    429,
    {
      message: "We're experiencing high traffic right now! Please try again soon.",
      type: "too_many_requests_error",
      param: "queue",
      code: "queue_exceeded"
    },
    overloaded
  ),
  c("queue, words only", 503, { message: "High traffic. Please try again soon." }, overloaded),
  c(
    "key",
    401,
    { message: "Wrong API Key", type: "invalid_request_error", param: "api_key", code: "wrong_api_key" },
    auth
  ),
  c("payment", 402, { message: "Pay first", code: "payment_required" }, quota),
  c("context as an empty 400", 400, "", context),
  c("context as an empty 413", 413, undefined, context)
]
