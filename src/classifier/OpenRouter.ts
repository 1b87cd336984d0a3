import type { Dialect } from "./Dialect.js"

// biome-ignore format: a table
/** @internal */
export const openRouter: Dialect = {
  name: "openrouter",
  title: "OpenRouter",
  aliases: ["open-router"],
  recognise: (facts) =>
    facts.values("provider_name").length > 0 ||
    facts.values("limit_source").length > 0 ||
    facts.values("user_id").some((id) => id.startsWith("user_")) ||
    facts.message.includes("openrouter.ai") ||
    /openrouter|\bno endpoints (?:found|available)/.test(facts.words),
  rules: [
    { code: "in_flight_budget_exhausted", is: "RateLimited" },
    { detail: ["limit_source", /in_flight/], is: "RateLimited" },
    { detail: ["limit_source", /^openrouter_credits$|key_limit|spend/], is: "QuotaExhausted" },
    { detail: ["flagged_input", /./], is: "ContentFiltered" },
    { says: /in-flight requests/, is: "RateLimited" },
    { says: /(?:fewer max_tokens|can only afford|insufficient credits|more credits|requires credits)/, is: "QuotaExhausted" },
    { says: /prompt tokens limit exceeded/, is: "QuotaExhausted" },
    { says: /key limit exceeded|limit exceeded \((?:total|monthly|weekly|daily)|spend(?:ing)? limit/, is: "QuotaExhausted" },
    { says: /free-models-per-day/, is: "QuotaExhausted" },
    { says: /temporarily rate-limited|free-models-per-min|limit_rpm/, is: "RateLimited" },
    { says: /no (?:allowed providers|endpoints)|no available model provider|routing requirements|not a valid model id/, is: "ModelNotFound" },
    { says: /requires moderation|flagged/, is: "ContentFiltered" },
    { says: /no auth credentials|user not found/, is: "AuthenticationFailed" }
  ],
  vague: [{ detail: ["finish_reason", /^error$/], is: "ServerError" }]
}
