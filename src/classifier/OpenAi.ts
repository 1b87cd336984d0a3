import type { Dialect } from "./Dialect.js"

// biome-ignore format: a table
/** @internal */
export const openAi: Dialect = {
  name: "openai",
  title: "OpenAI",
  aliases: ["openai-compatible", "chatgpt", "codex"],
  recognise: (facts) =>
    facts.header("openai-processing-ms") !== undefined || facts.header("openai-version") !== undefined,
  rules: [
    { name: "context_length_exceeded", is: "ContextLengthExceeded" },
    { name: "string_above_max_length", is: "RequestTooLarge" },
    { name: ["insufficient_quota", "insufficient_user_quota", "exceeded_current_quota_error"], says: /per[ _-]?(?:min|sec)|\/ ?(?:min|sec)|\b(?:tpm|rpm|qps|rps)\b|rate[ -]limit|too many requests|throttl/, is: "RateLimited" },
    { name: ["insufficient_quota", "credit_balance_exhausted", "billing_hard_limit_reached", "billing_not_active"], is: "QuotaExhausted" },
    { name: "usage_limit_reached", is: "QuotaExhausted" },
    { name: "usage_not_included", is: "PermissionDenied" },
    { name: ["invalid_prompt", "content_policy_violation", "moderation_blocked", "cyber_policy", "cyber_policy_violation", "bio_policy"], is: "ContentFiltered" },
    { name: "conversation_locked", is: "Conflict" },
    { name: "invalid_request_error", says: /missing scopes|insufficient permissions/, is: "PermissionDenied" },
    { name: ["invalid_api_key", "account_deactivated", "invalid_organization", "token_expired", "missing_api_key"], is: "AuthenticationFailed" },
    { name: ["unsupported_country_region_territory", "request_forbidden", "ip_not_authorized", "missing_scope", "organization_must_be_verified"], is: "PermissionDenied" },
    { name: ["model_not_found", "model_not_available", "unsupported_model"], is: "ModelNotFound" },
    { name: "unsupported_value", says: /must be verified/, is: "PermissionDenied" },
    { name: ["unsupported_parameter", "unsupported_value", "unknown_parameter", "decimal_above_max_value", "integer_above_max_value", "integer_below_min_value", "invalid_type", "invalid_value", "missing_required_parameter", "array_above_max_length"], is: "InvalidRequest" },
    { name: ["previous_response_not_found", "response_not_found", "invalid_encrypted_content"], is: "InvalidRequest" },
    { name: "rate_limit_exceeded", says: /request too large/, is: "RequestTooLarge" },
    { name: "rate_limit_exceeded", oversized: true, is: "RequestTooLarge" },
    { name: ["rate_limit_exceeded", "slow_down", "websocket_connection_limit_reached"], is: "RateLimited" },
    { name: ["server_is_overloaded", "resource_unavailable", "service_unavailable_error"], is: "Overloaded" },
    { type: ["tokens", "requests"], says: /rate limit/, is: "RateLimited" },
    { says: /safety system/, is: "ContentFiltered" },
    { says: /you exceeded your current quota/, is: "QuotaExhausted" },
    { says: /^invalid url \(|invalid url \((?:get|post)|unknown request url/, is: "InvalidRequest" },
    { says: /not a chat model|not supported in the v1\/|only supported in v1\//, is: "ModelNotFound" },
    { says: /the server had an error (?:while )?processing your request/, is: "ServerError" }
  ],
  vague: [
    { name: "server_error", is: "ServerError" },
    { name: "invalid_request_error", status: [200, 400, 404, 422], is: "InvalidRequest" }
  ]
}
