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

const router = (code: number, message: string, metadata?: object) => ({
  error: { code, message, ...(metadata && { metadata }) },
  user_id: "user_1"
})
const lite = (code: string, message: string, type: string | null = null) => ({
  error: { message, type, param: null, code }
})

export const openrouter: ReadonlyArray<Case> = [
  c(
    "in flight",
    402,
    router(402, "This request would exceed your available credits given your current in-flight requests.", {
      reason: "in_flight_budget_exhausted",
      limit_source: "openrouter_in_flight_budget",
      remedy_hint: "Add credits.",
      headers: { "Retry-After": "120" }
    }),
    after(rate, 120_000)
  ),
  c("in flight, source only", 402, router(402, "Refused.", { limit_source: "openrouter_in_flight_budget" }), rate),
  c(
    "in flight, words only",
    402,
    router(
      402,
      "This request would exceed your available credits given your current in-flight requests. Retry after in-flight requests settle."
    ),
    rate
  ),
  c(
    "credits",
    402,
    router(
      402,
      "This request requires more credits, or fewer max_tokens. You requested up to 65536 tokens, but can only afford 30104."
    ),
    quota
  ),
  c("credits, source only", 402, router(402, "Refused.", { limit_source: "openrouter_credits" }), quota),
  c(
    "credits in the guise of tokens",
    402,
    router(402, "Prompt tokens limit exceeded: 230799 > 91442. To increase, raise the key's limit."),
    quota
  ),
  c("key's own limit", 403, router(403, "Key limit exceeded (monthly limit). Manage it in the settings."), quota),
  c(
    "moderation",
    403,
    router(403, 'The chosen model requires moderation on its provider. Your input was flagged for "violence".', {
      reasons: ["violence"],
      flagged_input: "a text about 429",
      provider_name: "Acme"
    }),
    filtered
  ),
  c("moderation, words only", 403, router(403, "Your input was flagged."), filtered),
  c(
    "free models, day",
    429,
    router(429, "Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests per day", {
      headers: { "X-RateLimit-Limit": "50", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1774915200000" }
    }),
    after(quota, 43_200_000),
    { date: "Mon, 30 Mar 2026 12:00:00 GMT" }
  ),
  c(
    "free models, minute",
    429,
    router(429, "Rate limit exceeded: free-models-per-min.", { headers: { "X-RateLimit-Reset": "1774872030000" } }),
    after(rate, 30_000),
    { date: "Mon, 30 Mar 2026 12:00:00 GMT" }
  ),
  c(
    "upstream's rate limit",
    429,
    router(429, "Provider returned error", {
      raw: "acme/model is temporarily rate-limited upstream. Please retry shortly, or add your own key.",
      provider_name: "Acme",
      limit_source: "upstream_provider_shared_pool"
    }),
    rate
  ),
  c(
    "upstream's context length in a string",
    400,
    router(400, "Provider returned error", {
      raw: '{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens > 200000 maximum"}}',
      provider_name: "Anthropic"
    }),
    context
  ),
  c(
    "upstream's overload in a string",
    502,
    router(502, "Provider returned error", {
      raw: '{"error":{"type":"overloaded_error","message":"Overloaded"}}',
      provider_name: "Anthropic"
    }),
    overloaded
  ),
  c(
    "Cloudflare's rate limit in a string",
    429,
    router(429, "Provider returned error", { raw: "error code: 1015", provider_name: "Kluster" }),
    rate
  ),
  c("upstream failed", 502, router(502, "Provider returned error", { raw: "ERROR", provider_name: "Acme" }), server),
  c("upstream failed after the start", 200, router(502, "Upstream idle", { provider_name: "Acme" }), server),
  c(
    "overload after the start",
    200,
    {
      id: "gen-1",
      choices: [],
      error: { code: 503, message: "Provider overloaded", metadata: { provider_name: "Acme" } }
    },
    overloaded
  ),
  c(
    "finish reason error, nothing more",
    200,
    { id: "gen-1", user_id: "user_1", choices: [{ finish_reason: "error", delta: {} }] },
    server
  ),
  c(
    "filters leave nobody",
    503,
    router(503, "There is no available model provider that meets your routing requirements."),
    model
  ),
  c("no endpoints", 404, router(404, "No endpoints found that support tool use."), model),
  c(
    "context",
    400,
    router(400, "This endpoint's maximum context length is 131072 tokens. However, you requested about 140000 tokens."),
    context
  ),
  c("no credentials", 401, router(401, "No auth credentials found"), auth),
  c("timeout", 408, router(408, "Request took too long."), timedOut)
]

export const litellm: ReadonlyArray<Case> = [
  c(
    "Azure's rate limit in Python",
    429,
    lite(
      "429",
      "litellm.RateLimitError: AzureException RateLimitError - Error code: 429 - {'error': {'code': '429', 'message': 'Requests have exceeded token rate limit of your current tier. Please retry after 6 seconds.'}}\nReceived Model Group=x\nAvailable Model Group Fallbacks=None",
      "throttling_error"
    ),
    after(rate, 6_000)
  ),
  c(
    "a spent quota in Python",
    429,
    lite(
      "429",
      "litellm.RateLimitError: RateLimitError: OpenAIException - Error code: 429 - {'error': {'message': \"You're out. It's spent.\", 'type': 'insufficient_quota', 'param': None, 'code': 'insufficient_quota'}}",
      "throttling_error"
    ),
    quota
  ),
  c(
    "Anthropic's overload in JSON",
    500,
    lite(
      "500",
      'litellm.InternalServerError: AnthropicException - {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}. Handle with `litellm.InternalServerError`.'
    ),
    overloaded
  ),
  c(
    "Gemini in bytes",
    400,
    lite(
      "400",
      'litellm.BadRequestError: VertexAIException BadRequestError - b\'{"error": {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT", "details": [{"reason": "API_KEY_INVALID"}]}}\''
    ),
    auth
  ),
  c("context by class", 400, lite("400", "litellm.ContextWindowExceededError: too big"), context),
  c("filter by class", 400, lite("400", "litellm.ContentPolicyViolationError: no"), filtered),
  c("rate by class", 429, lite("429", "litellm.RateLimitError: no words"), rate),
  c("keys by class", 401, lite("401", "litellm.AuthenticationError: no words"), auth),
  c("permission by class", 403, lite("403", "litellm.PermissionDeniedError: no words"), denied),
  c("model by class", 404, lite("404", "litellm.NotFoundError: no words"), model),
  c("timeout by class", 408, lite("408", "litellm.Timeout: no words"), timedOut),
  c("unavailable by class", 503, lite("503", "litellm.ServiceUnavailableError: no words"), overloaded),
  c("server by class", 500, lite("500", "litellm.InternalServerError: no words"), server),
  c("request by class", 400, lite("400", "litellm.UnsupportedParamsError: no words"), invalid),
  c(
    "cooldown",
    429,
    lite(
      "429",
      "No deployments available for selected model, Try again in 5 seconds. Passed model=x.",
      "throttling_error"
    ),
    after(overloaded, 5_000)
  ),
  c("cooldown, no type", 429, lite("429", "No deployments available for selected model."), overloaded),
  c(
    "budget",
    400,
    lite("400", "Budget has been exceeded! Current cost: 12.3, Max budget: 12", "budget_exceeded"),
    quota
  ),
  c("budget, no type", 400, lite("400", "ExceededBudget: User over budget."), quota),
  c(
    "model not for this key",
    401,
    lite("401", "key not allowed to access model. This key can only access models=['x'].", "key_model_access_denied"),
    denied
  ),
  c("model not for this team", 403, lite("403", "team not allowed to access model."), denied),
  c("model", 400, lite("400", "/chat/completions: Invalid model name passed in model=x."), model),
  c("parallel requests", 429, lite("429", "Max parallel request limit reached. Limit type: api_key"), rate),
  c("key", 401, lite("401", "Authentication Error, Invalid proxy server token passed.", "auth_error"), auth),
  c("key by type", 401, lite("401", "No.", "auth_error"), auth),
  c("throttled by type", 429, lite("429", "No.", "throttling_error"), rate)
]

const html = (title: string) =>
  `<html>\r\n<head><title>${title}</title><style>p{color:red}</style></head>\r\n<body><center><h1>${title}</h1></center><hr><center>nginx</center></body></html>`

export const fronts: ReadonlyArray<Case> = [
  c("C8: nginx 502", 502, html("502 Bad Gateway"), server),
  c("C8: nginx 503", 503, html("503 Service Temporarily Unavailable"), overloaded),
  c("C8: nginx 504", 504, html("504 Gateway Time-out"), timedOut),
  c("C8: Cloudflare 520", 520, "error code: 520", server),
  c("C8: Cloudflare 521", 521, html("api.example.com | 521: Web server is down"), server),
  c("C8: Cloudflare 522", 522, html("api.example.com | 522: Connection timed out"), server),
  c("C8: Cloudflare 523", 523, "error code: 523", server),
  c("C8: Cloudflare 524", 524, "error code: 524", timedOut),
  c("C8: 529 in html", 529, html("529"), overloaded),
  c(
    "Cloudflare's problem+json",
    429,
    {
      type: "https://developers.cloudflare.com/support/error-1015/",
      title: "Error 1015: You are being rate limited",
      status: 429,
      error_code: 1015,
      error_name: "rate_limited",
      retryable: true,
      retry_after: 120,
      ray_id: "9a1b2c3d4e5f6789"
    },
    after(rate, 120_000)
  ),
  c(
    "Cloudflare's problem+json, 1010",
    403,
    { title: "Error 1010", status: 403, error_code: 1010, error_name: "browser_signature_banned", retryable: false },
    denied
  ),
  c(
    "Cloudflare's problem+json, without words",
    429,
    { status: 429, error_code: 1015, retry_after: 30 },
    after(rate, 30_000)
  ),
  c("Cloudflare 1015 as text", 429, "error code: 1015", rate),
  c("Cloudflare 1010 as text", 403, "error code: 1010", denied),
  c("Cloudflare's block page", 403, html("Attention Required! | Cloudflare"), denied),
  c("Envoy, no host", 503, "no healthy upstream", overloaded),
  c(
    "Envoy, overflow",
    503,
    "upstream connect error or disconnect/reset before headers. reset reason: overflow",
    overloaded
  ),
  c(
    "Envoy, connection",
    503,
    "upstream connect error or disconnect/reset before headers. reset reason: connection termination",
    server
  ),
  c("Envoy, timeout", 504, "upstream request timeout", timedOut),
  c("API Gateway, timeout", 504, { message: "Endpoint request timed out" }, timedOut),
  c("API Gateway, timeout in a 200", 200, { message: "Endpoint request timed out" }, timedOut),
  c("API Gateway, plan used up", 429, { message: "Limit Exceeded" }, quota),
  c("API Gateway, no token", 403, { message: "Missing Authentication Token" }, auth),
  c("ALB 503", 503, html("503 Service Temporarily Unavailable"), overloaded),
  c("nginx 413", 413, html("413 Request Entity Too Large"), large),
  c("wrong base path", 404, "404 page not found", invalid),
  c("Express", 404, "<!DOCTYPE html><html><body><pre>Cannot POST /v1/v1/chat</pre></body></html>", invalid),
  c("login page in a 200", 200, html("Sign in"), malformed)
]
