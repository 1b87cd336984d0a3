import type { Dialect } from "./Dialect.js"

// biome-ignore format: a table
/** @internal */
export const together: Dialect = {
  name: "together",
  title: "Together",
  aliases: ["togetherai", "together-ai", "together_ai"],
  recognise: (facts) => facts.types.has("credit_limit") || /together\.(?:ai|xyz)/.test(facts.message),
  rules: [
    { name: "credit_limit", says: /rate limit/, is: "RateLimited" },
    { name: "credit_limit", is: "QuotaExhausted" },
    { name: ["dynamic_request_limited", "dynamic_token_limited"], is: "RateLimited" },
    { name: "model_not_available", is: "ModelNotFound" },
    { says: /unable to access (?:non-serverless )?model/, is: "ModelNotFound" },
    { says: /rate limit specific to this model/, is: "RateLimited" }
  ]
}
