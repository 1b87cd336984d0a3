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
  malformed,
  model,
  overloaded,
  quota,
  rate,
  server,
  timedOut
} from "./Case.js"

const error = (code: number, status: string, message: string, details?: ReadonlyArray<object>) => ({
  error: { code, message, status, ...(details !== undefined && { details }) }
})
const info = (reason: string, metadata: object = {}) => ({
  "@type": "type.googleapis.com/google.rpc.ErrorInfo",
  reason,
  domain: "googleapis.com",
  metadata
})
const retry = (retryDelay: string, type = "@type") => ({
  [type]: "type.googleapis.com/google.rpc.RetryInfo",
  retryDelay
})
const violations = (...quotaIds: ReadonlyArray<string>) => ({
  "@type": "type.googleapis.com/google.rpc.QuotaFailure",
  violations: quotaIds.map((quotaId) => ({
    quotaMetric: "generativelanguage.googleapis.com/requests",
    quotaId,
    quotaValue: "20"
  }))
})
const current = "You exceeded your current quota, please check your plan and billing details."

export const gemini: ReadonlyArray<Case> = [
  c(
    "bad key",
    400,
    error(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", [info("API_KEY_INVALID")]),
    auth
  ),
  c("bad key, words only", 400, error(400, "INVALID_ARGUMENT", "API key expired. Please renew the API key."), auth),
  c("token expired", 401, error(401, "UNAUTHENTICATED", "Request had invalid authentication credentials."), auth),
  c(
    "leaked key",
    403,
    error(403, "PERMISSION_DENIED", "Your API key was reported as leaked. Please use another API key."),
    auth
  ),
  c(
    "too many tokens in",
    400,
    error(
      400,
      "INVALID_ARGUMENT",
      "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."
    ),
    context
  ),
  c("payload", 400, error(400, "INVALID_ARGUMENT", "Request payload size exceeds the limit: 20971520 bytes."), large),
  c("region", 400, error(400, "FAILED_PRECONDITION", "User location is not supported for the API use."), denied),
  c("argument", 400, error(400, "INVALID_ARGUMENT", "Please use a valid role: user, model."), invalid),
  c(
    "permission",
    403,
    error(
      403,
      "PERMISSION_DENIED",
      "Permission 'aiplatform.endpoints.predict' denied on resource (or it may not exist).",
      [info("IAM_PERMISSION_DENIED")]
    ),
    denied
  ),
  c("permission without a reason", 403, error(403, "PERMISSION_DENIED", "The caller lacks it."), denied),
  c(
    "service disabled",
    403,
    error(403, "PERMISSION_DENIED", "The API has not been used in project 1 before or it is disabled.", [
      info("SERVICE_DISABLED")
    ]),
    denied
  ),
  c(
    "model",
    404,
    error(
      404,
      "NOT_FOUND",
      "models/gemini-9 is not found for API version v1beta, or is not supported for generateContent."
    ),
    model
  ),
  c(
    "publisher model",
    404,
    error(
      404,
      "NOT_FOUND",
      "Publisher Model `projects/p/locations/us/publishers/google/models/x` was not found or your project does not have access to it."
    ),
    model
  ),
  c("a file", 404, error(404, "NOT_FOUND", "Requested entity was not found."), invalid),
  c(
    "C4: the day decides",
    429,
    error(429, "RESOURCE_EXHAUSTED", current, [
      violations(
        "GenerateRequestsPerMinutePerProjectPerModel-FreeTier",
        "GenerateRequestsPerDayPerProjectPerModel-FreeTier"
      ),
      retry("47s")
    ]),
    after(quota, 47_000)
  ),
  c(
    "the minute",
    429,
    error(429, "RESOURCE_EXHAUSTED", current, [
      violations("GenerateContentInputTokensPerModelPerMinute-FreeTier"),
      retry("34.4s")
    ]),
    after(rate, 34_400)
  ),
  c(
    "the minute, RetryInfo under an odd key",
    429,
    [
      error(429, "RESOURCE_EXHAUSTED", current, [
        violations("GenerateRequestsPerMinutePerProjectPerModel"),
        retry("8s", " @type")
      ])
    ],
    after(rate, 8_000)
  ),
  c(
    "prose only",
    429,
    error(
      429,
      "RESOURCE_EXHAUSTED",
      `${current} * Quota exceeded for metric: requests, limit: 20. Please retry in 40.025771073s.`
    ),
    after(rate, 40_026)
  ),
  c(
    "limit 0 in prose",
    429,
    error(
      429,
      "RESOURCE_EXHAUSTED",
      `${current} * Quota exceeded for metric: free_tier_requests, limit: 0. Please retry in 12s.`
    ),
    after(quota, 12_000)
  ),
  c("no detail at all", 429, error(429, "RESOURCE_EXHAUSTED", current), quota),
  c(
    "quota value 0",
    429,
    error(429, "RESOURCE_EXHAUSTED", "Quota exceeded for quota metric 'Requests'", [
      info("RATE_LIMIT_EXCEEDED", { quota_limit: "RequestsPerMinutePerProjectPerRegion", quota_limit_value: "0" })
    ]),
    quota
  ),
  c(
    "violation of a value of 0",
    429,
    error(429, "RESOURCE_EXHAUSTED", current, [
      { violations: [{ quotaId: "GenerateRequestsPerProject", quotaValue: "0" }] }
    ]),
    quota
  ),
  c(
    "quota limit of a day",
    429,
    error(429, "RESOURCE_EXHAUSTED", "Quota exceeded for quota metric 'Requests'", [
      info("RATE_LIMIT_EXCEEDED", { quota_limit: "RequestsPerDay", quota_limit_value: "50" })
    ]),
    quota
  ),
  c(
    "rate limit by reason",
    429,
    error(429, "RESOURCE_EXHAUSTED", "Too fast.", [info("RATE_LIMIT_EXCEEDED"), retry("0.9s")]),
    after(rate, 900)
  ),
  c(
    "quota by reason, hours away",
    429,
    error(
      429,
      "RESOURCE_EXHAUSTED",
      "You have exhausted your capacity on this model. Your quota will reset after 19h14m47s.",
      [info("QUOTA_EXHAUSTED", { quotaResetDelay: "19h14m47.2s" }), retry("68940s")]
    ),
    after(quota, 68_940_000)
  ),
  c(
    "capacity by reason",
    429,
    error(429, "RESOURCE_EXHAUSTED", "No capacity available for model x on the server", [
      info("MODEL_CAPACITY_EXHAUSTED")
    ]),
    overloaded
  ),
  c(
    "Vertex' shared pool",
    429,
    [
      error(
        429,
        "RESOURCE_EXHAUSTED",
        "Resource exhausted. Please try again later. Please refer to https://cloud.google.com/error-code-429 for more details."
      )
    ],
    overloaded
  ),
  c(
    "resource exhausted, plainly",
    429,
    error(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."),
    rate
  ),
  c(
    "spending cap",
    429,
    error(429, "RESOURCE_EXHAUSTED", "Your project has exceeded its monthly spending cap."),
    quota
  ),
  c(
    "wrapped by its own SDK",
    429,
    {
      error: {
        message: JSON.stringify(
          error(429, "RESOURCE_EXHAUSTED", current, [violations("GenerateRequestsPerDayPerProjectPerModel-FreeTier")])
        ),
        code: 429,
        status: "Too Many Requests"
      }
    },
    quota
  ),
  c(
    "with stray commas",
    429,
    '[{"error":{"code":429,"message":"Quota","status":"RESOURCE_EXHAUSTED","details":[,{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"8s"},]},}\n,\n]',
    after(rate, 8_000)
  ),
  c("unavailable", 503, error(503, "UNAVAILABLE", "The model is overloaded. Please try again later."), overloaded),
  c("high demand", 503, error(503, "UNAVAILABLE", "This model is currently experiencing high demand."), overloaded),
  c(
    "deadline inside a 503",
    503,
    error(503, "UNAVAILABLE", "Deadline expired before operation could complete."),
    timedOut
  ),
  c("deadline", 504, error(504, "DEADLINE_EXCEEDED", "The request took too long."), timedOut),
  c("internal", 500, error(500, "INTERNAL", "An internal error has occurred. Please retry."), server),
  c("internal, other words", 500, error(500, "INTERNAL", "Oops"), server),
  c(
    "cancelled by the backend",
    499,
    error(499, "CANCELLED", "The operation was cancelled.", [info("backendError")]),
    server
  ),
  c("aborted", 409, error(409, "ABORTED", "Concurrent changes."), conflict),
  c(
    "blocked prompt in a 200",
    200,
    { promptFeedback: { blockReason: "PROHIBITED_CONTENT" }, usageMetadata: { promptTokenCount: 4 } },
    filtered
  ),
  c("blocked answer in a 200", 200, { candidates: [{ finishReason: "SAFETY", index: 0 }] }, filtered),
  c(
    "a broken call in a 200",
    200,
    { candidates: [{ content: {}, finishReason: "MALFORMED_FUNCTION_CALL" }] },
    malformed
  ),
  c("no candidates in a 200", 200, { usageMetadata: { promptTokenCount: 4 } }, malformed)
]
