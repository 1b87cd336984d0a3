import type { Dialect } from "./Dialect.js"

// biome-ignore format: a table
/** @internal */
export const gemini: Dialect = {
  name: "gemini",
  title: "Google Gemini and Vertex AI",
  aliases: ["google", "vertex", "vertexai", "vertex-ai", "google-vertex", "googleai", "google-ai-studio", "gemini-cli", "code-assist"],
  recognise: (facts) =>
    ["RESOURCE_EXHAUSTED", "INVALID_ARGUMENT", "FAILED_PRECONDITION", "PERMISSION_DENIED", "NOT_FOUND", "UNAVAILABLE", "UNAUTHENTICATED", "INTERNAL", "DEADLINE_EXCEEDED", "CANCELLED", "ABORTED"].some((status) => facts.spelling.get(status.toLowerCase()) === status) ||
    /googleapis|generative ?language/.test(facts.words) ||
    facts.has("type", /google\.rpc/) ||
    facts.values("blockReason").length > 0,
  rules: [
    { code: "API_KEY_INVALID", is: "AuthenticationFailed" },
    { code: ["ACCESS_TOKEN_EXPIRED", "ACCESS_TOKEN_TYPE_UNSUPPORTED", "CREDENTIALS_MISSING", "UNAUTHENTICATED"], is: "AuthenticationFailed" },
    { code: ["API_KEY_SERVICE_BLOCKED", "SERVICE_DISABLED", "CONSUMER_SUSPENDED", "BILLING_DISABLED", "IAM_PERMISSION_DENIED"], is: "PermissionDenied" },
    { code: "MODEL_CAPACITY_EXHAUSTED", is: "Overloaded" },
    { code: ["QUOTA_EXHAUSTED", "INSUFFICIENT_G1_CREDITS_BALANCE"], is: "QuotaExhausted" },
    { code: "RESOURCE_EXHAUSTED", detail: ["quotaId", /per_?day/i], is: "QuotaExhausted", resets: false },
    { code: "RESOURCE_EXHAUSTED", detail: ["quota_limit", /per_?day/i], is: "QuotaExhausted", resets: false },
    { code: "RESOURCE_EXHAUSTED", detail: ["quota_limit_value", /^0$/], is: "QuotaExhausted", resets: false },
    { code: "RESOURCE_EXHAUSTED", detail: ["quotaValue", /^0$/], is: "QuotaExhausted", resets: false },
    { code: "RESOURCE_EXHAUSTED", says: /limit: 0\b|per day\b|per_day|spending cap|credits? (?:are|is) depleted|billing account/, is: "QuotaExhausted", resets: false },
    { code: "RESOURCE_EXHAUSTED", detail: ["quotaId", /per_?minute/i], is: "RateLimited" },
    { code: "RESOURCE_EXHAUSTED", says: /please retry in|per minute|per_minute|\(e\.g\. check quota\)/, is: "RateLimited" },
    { code: "RESOURCE_EXHAUSTED", says: /exceeded your current quota/, is: "QuotaExhausted" },
    { code: "RESOURCE_EXHAUSTED", says: /resource exhausted|no capacity|capacity available|high demand|overloaded/, is: "Overloaded" },
    { code: ["RATE_LIMIT_EXCEEDED", "RESOURCE_EXHAUSTED"], is: "RateLimited" },
    { code: "UNAVAILABLE", says: /deadline expired/, is: "TimedOut" },
    { code: "UNAVAILABLE", is: "Overloaded" },
    { code: "DEADLINE_EXCEEDED", is: "TimedOut" },
    { code: ["CANCELLED", "backendError"], is: "ServerError" },
    { code: "NOT_FOUND", says: /model|endpoint|is not found for api version/, is: "ModelNotFound" },
    { code: "NOT_FOUND", is: "InvalidRequest" },
    { code: "ABORTED", is: "Conflict" },
    { detail: ["blockReason", /^[a-z]/i], is: "ContentFiltered" },
    { detail: ["finishReason", /^(?:SAFETY|RECITATION|BLOCKLIST|PROHIBITED_CONTENT|SPII|IMAGE_SAFETY)$/], is: "ContentFiltered", by: "completion" },
    { detail: ["finishReason", /^MALFORMED_FUNCTION_CALL$/], is: "MalformedResponse" },
    { says: /api key (?:not valid|expired|not found)|reported as leaked|unregistered callers/, is: "AuthenticationFailed" },
    { says: /user location is not supported|not available in your country/, is: "PermissionDenied" },
    { says: /input token count .{0,40}exceeds/, is: "ContextLengthExceeded" },
    { says: /request payload size exceeds/, is: "RequestTooLarge" }
  ],
  vague: [
    { code: "PERMISSION_DENIED", is: "PermissionDenied" },
    { code: ["INVALID_ARGUMENT", "FAILED_PRECONDITION", "OUT_OF_RANGE", "UNIMPLEMENTED"], is: "InvalidRequest" },
    { code: ["INTERNAL", "UNKNOWN", "DATA_LOSS"], is: "ServerError" }
  ]
}
