import type { Dialect } from "./Dialect.js"

// biome-ignore format: a table
/** @internal */
export const openAi: Dialect = {
  name: "openai",
  title: "OpenAI",
  recognise: (facts) =>
    ["openai-organization", "openai-processing-ms", "openai-version"].some((name) => facts.header(name) !== undefined),
  rules: [
    { code: "context_length_exceeded", is: "ContextLengthExceeded" },
    { code: ["insufficient_quota", "credit_balance_exhausted", "billing_hard_limit_reached"], is: "QuotaExhausted" },
    { code: ["invalid_prompt", "content_policy_violation", "content_filter"], is: "ContentFiltered" },
    { code: "conversation_locked", is: "Conflict" },
    { code: ["invalid_api_key", "account_deactivated"], is: "AuthenticationFailed" },
    { code: "unsupported_country_region_territory", is: "PermissionDenied" },
    { code: "model_not_found", is: "ModelNotFound" },
    { code: "rate_limit_exceeded", says: /request too large/, is: "RequestTooLarge" },
    { code: ["rate_limit_exceeded", "slow_down"], is: "RateLimited" },
    { code: "server_is_overloaded", is: "Overloaded" },
    { type: "insufficient_quota", is: "QuotaExhausted" },
    { type: "rate_limit_error", is: "RateLimited" },
    { type: "service_unavailable_error", is: "Overloaded" },
    { says: /maximum context length/, is: "ContextLengthExceeded" },
    { says: /safety system/, is: "ContentFiltered" },
    { says: /missing scopes/, is: "PermissionDenied" },
    { says: /overloaded/, is: "Overloaded" }
  ],
  vague: [{ type: "server_error", is: "ServerError" }]
}
