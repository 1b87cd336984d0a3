import type { Dialect } from "./Dialect.js"

// biome-ignore format: a table
/** @internal */
export const anthropic: Dialect = {
  name: "anthropic",
  title: "Anthropic",
  aliases: ["claude"],
  recognise: (facts) =>
    (facts.types.has("error") && [...facts.types].some((type) => type.endsWith("_error"))) ||
    facts.header("anthropic-organization-id") !== undefined ||
    facts.values("request_id").some((id) => id.startsWith("req_01")) ||
    facts.header("request-id")?.startsWith("req_") === true,
  rules: [
    { type: "rate_limit_error", detail: ["error_code", /^enforced_spend_limit_reached$/i], is: "QuotaExhausted" },
    { type: "rate_limit_error", says: /(?:extra usage|usage credits) (?:is|are) required/, is: "ModelNotFound" },
    { type: "rate_limit_error", detail: ["anthropic-ratelimit-unified-status", /^rejected$/i], is: "QuotaExhausted" },
    { type: "rate_limit_error", detail: ["anthropic-ratelimit-unified-5h-status", /^rejected$/i], is: "QuotaExhausted" },
    { type: "rate_limit_error", detail: ["anthropic-ratelimit-unified-7d-status", /^rejected$/i], is: "QuotaExhausted" },
    { type: "rate_limit_error", says: /5-hour|weekly limit|monthly (?:spend|usage)|spend(?:ing)? limit|out of (?:extra )?usage/, is: "QuotaExhausted" },
    { type: "overloaded_error", is: "Overloaded" },
    { type: "rate_limit_error", is: "RateLimited" },
    { type: "billing_error", is: "QuotaExhausted" },
    { type: "authentication_error", says: /cors requests are not allowed/, is: "PermissionDenied" },
    { type: "authentication_error", is: "AuthenticationFailed" },
    { type: "permission_error", says: /oauth token|token has been revoked/, is: "AuthenticationFailed" },
    { type: ["permission_error", "forbidden"], is: "PermissionDenied" },
    { type: "not_found_error", says: /model|claude/, is: "ModelNotFound" },
    { type: "not_found_error", is: "InvalidRequest" },
    { type: "conflict_error", is: "Conflict", retryable: false },
    { type: "request_too_large", is: "RequestTooLarge" },
    { type: "timeout_error", is: "TimedOut" },
    { says: /prompt is too long|exceeds? (?:the )?(?:model )?context/, is: "ContextLengthExceeded" },
    { says: /credit balance is too low|api usage limits|out of extra usage|draw from your extra usage/, is: "QuotaExhausted" },
    { says: /(?:extra usage|usage credits) (?:is|are) required/, is: "ModelNotFound" },
    { says: /organization has been disabled|credential is only authorized/, is: "PermissionDenied" },
    { says: /output blocked by content filtering/, is: "ContentFiltered", by: "completion" },
    { says: /exceeds \d{1,3} ?mb maximum|exceeds the maximum size/, is: "RequestTooLarge" },
    { says: /max_tokens: \d{1,9} > \d{1,9}/, is: "InvalidRequest" },
    { says: /assistant message prefill/, is: "InvalidRequest" }
  ],
  vague: [
    { type: "api_error", status: [200, 400, 500, 502], is: "ServerError" }
  ]
}
