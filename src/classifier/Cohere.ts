import type { Dialect } from "./Dialect.js"

// biome-ignore format: a table
/** @internal */
export const cohere: Dialect = {
  name: "cohere",
  title: "Cohere",
  recognise: (facts) => facts.header("x-endpoint-monthly-call-limit") !== undefined || facts.message.includes("cohere.com") || /api calls \/ (?:minute|month)|trial (?:key|token)|total number of tokens in the prompt|invalid api token/.test(facts.words),
  rules: [
    { detail: ["finish_reason", /^ERROR$/], is: "ServerError" },
    { detail: ["finish_reason", /^ERROR_TOXIC$/], is: "ContentFiltered", by: "completion" },
    { says: /api calls \/ month/, is: "QuotaExhausted" },
    { says: /api calls \/ minute|trial token rate limit/, is: "RateLimited" },
    { says: /too many tokens/, is: "ContextLengthExceeded" },
    { says: /invalid api token/, is: "AuthenticationFailed" },
    { says: /model .{0,80}(?:not found|was removed)/, is: "ModelNotFound" },
    { status: 498, is: "ContentFiltered" }
  ]
}
