import type { Dialect } from "./Dialect.js"

// biome-ignore format: a table
/** @internal */
export const copilot: Dialect = {
  name: "copilot",
  title: "GitHub Copilot",
  aliases: ["github-copilot", "githubcopilot"],
  recognise: (facts) =>
    /copilot/i.test(facts.message) || [...facts.codes].some((code) => /^user_(?:weekly|global|model)_rate_limited/.test(code)) ||
    facts.header("x-github-request-id") !== undefined,
  rules: [
    { detail: ["code", /^user_weekly_rate_limited/], is: "QuotaExhausted" },
    { name: ["quota_exceeded", "premium_quota_exceeded", "free_quota_exceeded"], is: "QuotaExhausted" },
    { detail: ["code", /^user_(?:global|model)_rate_limited|^(?:agent_mode_limit_exceeded|integration_rate_limited)/], is: "RateLimited" },
    { name: ["model_not_supported", "unsupported_api_for_model", "model_not_available_for_integrator"], is: "ModelNotFound" },
    { says: /^quota exceeded|exceeded your (?:copilot|premium|free) |premium request (?:allowance|quota)/, is: "QuotaExhausted" },
    { says: /token expired|unauthorized: token|ide token/, is: "AuthenticationFailed" },
    { says: /not (?:licensed|authorized) to use|access to this endpoint is forbidden|no access to github copilot/, is: "PermissionDenied" },
    { says: /exceeded.{0,40}rate limit|please wait .{0,40}(?:minute|hour|second)/, is: "RateLimited" }
  ]
}
