import type { Dialect } from "./Dialect.js"

// biome-ignore format: a table
/** The type decides. @internal */
export const moonshot: Dialect = {
  name: "moonshot",
  title: "Moonshot (Kimi)",
  aliases: ["moonshotai", "moonshot-ai", "kimi"],
  recognise: (facts) =>
    ["engine_overloaded_error", "exceeded_current_quota_error", "rate_limit_reached_error", "invalid_authentication_error", "access_terminated_error"].some((type) => facts.types.has(type)) ||
    /moonshot|\bkimi\b/i.test(facts.message),
  rules: [
    { type: "exceeded_current_quota_error", is: "QuotaExhausted" },
    { type: "rate_limit_reached_error", says: /\btpd\b|per day/, is: "QuotaExhausted" },
    { type: "rate_limit_reached_error", is: "RateLimited" },
    { type: "engine_overloaded_error", is: "Overloaded" },
    { type: ["invalid_authentication_error", "incorrect_api_key_error"], is: "AuthenticationFailed" },
    { type: "access_terminated_error", says: /usage limit|quota|billing cycle|expired/, is: "QuotaExhausted" },
    { type: ["permission_denied_error", "access_terminated_error"], is: "PermissionDenied" },
    { type: "resource_not_found_error", is: "ModelNotFound" },
    { type: "content_filter", is: "ContentFiltered" },
    { type: "unexpected_output", is: "ServerError" },
    { says: /exceeded model token limit|input token length too long/, is: "ContextLengthExceeded" }
  ]
}
