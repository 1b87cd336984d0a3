import type { Dialect } from "./Dialect.js"

// biome-ignore format: a table
/** @internal */
export const anthropic: Dialect = {
  name: "anthropic",
  title: "Anthropic",
  aliases: ["claude"],
  recognise: (facts) =>
    facts.header("request-id") !== undefined || facts.values("request_id").some((id) => id.startsWith("req_01")),
  rules: [
    { type: "overloaded_error", is: "Overloaded" },
    { type: "rate_limit_error", detail: ["error_code", /enforced_spend_limit/], is: "QuotaExhausted" },
    { type: "rate_limit_error", is: "RateLimited" },
    { type: "authentication_error", is: "AuthenticationFailed" },
    { type: "billing_error", is: "QuotaExhausted" },
    { type: "permission_error", is: "PermissionDenied" },
    { type: "not_found_error", is: "ModelNotFound" },
    { type: "request_too_large", is: "RequestTooLarge" },
    { type: "timeout_error", is: "TimedOut" },
    { says: /prompt is too long|exceeds? (?:model )?context/, is: "ContextLengthExceeded" },
    { says: /credit balance is too low|api usage limits/, is: "QuotaExhausted" },
    { says: /organization has been disabled/, is: "PermissionDenied" },
    { says: /output blocked by content filtering/, is: "ContentFiltered", by: "completion" },
    { says: /overloaded/, is: "Overloaded" }
  ],
  vague: [{ type: "api_error", is: "ServerError" }]
}
