import type { Dialect } from "./Dialect.js"

// biome-ignore format: a table
/** @internal */
export const cerebras: Dialect = {
  name: "cerebras",
  title: "Cerebras",
  recognise: (facts) => ["token_quota_exceeded", "request_quota_exceeded", "queue_exceeded"].some((code) => facts.codes.has(code)) || facts.message.includes("cerebras"),
  rules: [
    { name: ["token_quota_exceeded", "request_quota_exceeded", "too_many_requests_error"], says: /per (?:day|month)/, is: "QuotaExhausted" },
    { name: "queue_exceeded", is: "Overloaded" },
    { name: ["token_quota_exceeded", "request_quota_exceeded", "too_many_requests_error"], is: "RateLimited" },
    { name: "wrong_api_key", is: "AuthenticationFailed" },
    { name: "payment_required", is: "QuotaExhausted" },
    { says: /too many tokens processed/, is: "RateLimited" },
    { says: /high traffic/, is: "Overloaded" },
    { says: /^$/, status: [400, 413], is: "ContextLengthExceeded" }
  ]
}
