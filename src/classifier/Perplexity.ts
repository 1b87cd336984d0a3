import type { Dialect } from "./Dialect.js"

// biome-ignore format: a table
/** @internal */
export const perplexity: Dialect = {
  name: "perplexity",
  title: "Perplexity",
  aliases: ["pplx", "perplexity-ai", "sonar"],
  recognise: (facts) =>
    facts.types.has("request_rate_limit_exceeded") || /perplexity/i.test(facts.message),
  rules: [
    { type: "request_rate_limit_exceeded", is: "RateLimited" },
    { type: "invalid_model", is: "ModelNotFound" },
    { type: "invalid_message", is: "InvalidRequest" },
    { says: /401 authorization required/, is: "AuthenticationFailed" }
  ]
}
