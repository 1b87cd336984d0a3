import type { Dialect } from "./Dialect.js"

// biome-ignore format: a table
/** @internal */
export const groq: Dialect = {
  name: "groq",
  title: "Groq",
  recognise: (facts) => facts.header("x-groq-region") !== undefined || facts.message.includes("console.groq.com") ||
    ["tool_use_failed", "json_validate_failed", "model_decommissioned", "model_terms_required", "organization_restricted", "blocked_api_access"].some((name) => facts.codes.has(name)) ||
    (facts.status === 413 && facts.codes.has("rate_limit_exceeded")),
  rules: [
    { code: "rate_limit_exceeded", status: 413, is: "RequestTooLarge" },
    { name: ["tool_use_failed", "json_validate_failed", "output_parse_failed"], is: "MalformedResponse" },
    { name: "capacity_exceeded", is: "Overloaded" },
    { name: "model_decommissioned", is: "ModelNotFound" },
    { name: ["model_terms_required", "organization_restricted", "model_permission_blocked_org", "model_permission_blocked_project"], is: "PermissionDenied" },
    { name: ["blocked_api_access", "spend_limit_reached"], is: "QuotaExhausted" },
    { name: "request_too_large", is: "RequestTooLarge" },
    { says: /over capacity/, is: "Overloaded" },
    { says: /reduce the length of the messages or completion/, is: "ContextLengthExceeded" },
    { status: 498, is: "Overloaded" }
  ]
}
