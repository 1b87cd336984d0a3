import {
  after,
  auth,
  type Case,
  c,
  context,
  denied,
  filtered,
  invalid,
  model,
  overloaded,
  quota,
  rate,
  server,
  timedOut
} from "./Case.js"

const error = (code: string, message: string, more: object = {}) => ({ error: { code, message, ...more } })
const sent = { "apim-request-id": "11111111-2222-3333-4444-555555555555" }

export const azure: ReadonlyArray<Case> = [
  c(
    "prompt filtered",
    400,
    error("content_filter", "The prompt triggered the content management policy. Please modify it and retry.", {
      innererror: {
        code: "ResponsibleAIPolicyViolation",
        content_filter_result: { hate: { filtered: true, severity: "high" } }
      }
    }),
    filtered
  ),
  c("completion filtered", 400, error("400", "The response was filtered."), filtered, sent),
  c(
    "no such deployment",
    404,
    error(
      "DeploymentNotFound",
      "The API deployment for this resource does not exist. If you created it within the last 5 minutes, please wait a moment and try again."
    ),
    model,
    sent
  ),
  c(
    "no such deployment, status as code",
    404,
    error("404", "The API deployment for this resource does not exist."),
    model,
    sent
  ),
  c("unknown model of GitHub Models", 404, error("unknown_model", "Unknown model: gpt-9"), model, sent),
  c(
    "operation not supported",
    400,
    error("OperationNotSupported", "The chatCompletion operation does not work with the specified model, ada."),
    invalid,
    sent
  ),
  c(
    "tokens of GitHub Models",
    413,
    error("tokens_limit_reached", "Request body too large for gpt-4.1 model. Max size: 8000 tokens."),
    context,
    sent
  ),
  c(
    "a day's requests of GitHub Models",
    429,
    error(
      "RateLimitReached",
      "Rate limit of 50 per 86400s exceeded for UserByModelByDay. Please wait 30513 seconds before retrying."
    ),
    after(quota, 30_513_000),
    sent
  ),
  c(
    "rate limit with both headers",
    429,
    error(
      "429",
      "Requests to the ChatCompletions_Create Operation under Azure OpenAI API have exceeded token rate limit of your current OpenAI S0 pricing tier. Please retry after 33 seconds."
    ),
    after(rate, 32_500),
    { "retry-after-ms": "32500", "retry-after": "33" }
  ),
  c(
    "rate limit in prose",
    429,
    error("429", "Requests have exceeded call rate limit of your current tier. Please retry after 2 seconds."),
    after(rate, 2_000),
    {
      ...sent,
      "x-ratelimit-remaining-requests": "0",
      "x-ratelimit-limit-requests": "-1",
      "x-ratelimit-reset-requests": "0"
    }
  ),
  c(
    "a day away",
    429,
    error(
      "429",
      "Requests have exceeded token rate limit of your current AIServices S0 pricing tier. Please retry after 86400 seconds."
    ),
    after(quota, 86_400_000),
    sent
  ),
  c("too many requests by name", 429, error("TooManyRequests", "Too many."), rate, sent),
  c("call volume", 403, error("403", "Out of call volume quota for OpenAI F0 pricing tier."), quota, sent),
  c("quota by name", 403, error("QuotaExceeded", "Used up."), quota, sent),
  c(
    "high demand",
    429,
    error(
      "429",
      "The system is currently experiencing high demand and cannot process your request. Your request exceeds the maximum usage size allowed during peak load. Please retry after 20 seconds."
    ),
    after(overloaded, 20_000),
    sent
  ),
  c("no capacity", 503, error("NoCapacity", "Provisioned throughput is used up."), overloaded, sent),
  c("service unavailable", 503, error("ServiceUnavailable", "Later."), overloaded, sent),
  c("principal", 403, error("PermissionDenied", "The principal lacks the required data action."), denied, sent),
  c("network rules", 403, error("403", "Access denied due to Virtual Network/Firewall rules."), denied, sent),
  c(
    "wrong key or endpoint",
    401,
    error("401", "Access denied due to invalid subscription key or wrong API endpoint."),
    auth,
    sent
  ),
  c(
    "token of Entra",
    401,
    error("Unauthorized", "The access token is missing, invalid, audience is incorrect."),
    auth,
    sent
  ),
  c("timeout", 408, error("Timeout", "The operation was timeout."), timedOut, sent),
  c("internal", 500, error("InternalServerError", "Failed."), server, sent),
  c("wrong path", 404, error("404", "Resource not found"), invalid, sent)
]
