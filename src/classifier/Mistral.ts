import type { Dialect } from "./Dialect.js"

// biome-ignore format: a table
/** @internal */
export const mistral: Dialect = {
  name: "mistral",
  title: "Mistral",
  aliases: ["mistralai", "mistral-ai", "codestral"],
  recognise: (facts) =>
    facts.header("mistral-correlation-id") !== undefined ||
    facts.values("raw_status_code").length > 0 ||
    (facts.types.has("error") && ["1300", "3505", "1500", "3051"].some((code) => facts.codes.has(code))),
  rules: [
    { name: ["3505", "service_tier_capacity_exceeded"], is: "Overloaded" },
    { name: ["1300", "rate_limited"], is: "RateLimited" },
    { name: ["1500", "invalid_model"], is: "ModelNotFound" },
    { says: /capacity exceeded/, is: "Overloaded" },
    { says: /too large for model with \d{1,9} maximum context length/, is: "ContextLengthExceeded" },
    { says: /inactive subscription|usage limit reached|monthly limit/, is: "QuotaExhausted" },
    { says: /no route matched/, is: "InvalidRequest" },
    { detail: ["finish_reason", /^model_length$/], is: "ContextLengthExceeded" }
  ]
}
