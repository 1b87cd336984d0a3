import type { Dialect } from "./Dialect.js"

// biome-ignore format: a table
/** @internal */
export const vercelGateway: Dialect = {
  name: "vercel",
  title: "Vercel AI Gateway",
  aliases: ["vercel-ai-gateway", "gateway", "ai-gateway", "vercel-gateway"],
  recognise: (facts) =>
    facts.values("generationId").length > 0 || (facts.header("x-vercel-id") !== undefined && facts.types.size > 0) || /vercel/i.test(facts.message),
  rules: [
    { name: ["insufficient_funds", "quota_for_entity_exceeded", "free_tier_exceeded"], is: "QuotaExhausted" },
    { name: ["customer_verification_required", "forbidden"], is: "PermissionDenied" },
    { name: "rate_limit_exceeded", says: /free tier|abuse/, is: "RateLimited" },
    { name: ["model_not_found", "no_providers_available", "restricted_models"], is: "ModelNotFound" },
    { name: ["authentication_error", "missing_authentication"], is: "AuthenticationFailed" },
    { says: /insufficient funds|top up your credits/, is: "QuotaExhausted" },
    { says: /add a (?:valid )?(?:credit card|payment method)|free credits (?:are )?temporarily/, is: "PermissionDenied" }
  ],
  vague: [
    { type: "internal_server_error", is: "ServerError" }
  ]
}
