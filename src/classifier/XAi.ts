import type { Dialect } from "./Dialect.js"

// biome-ignore format: a table
/** @internal */
export const xAi: Dialect = {
  name: "xai",
  title: "xAI",
  aliases: ["x-ai", "x.ai", "grok"],
  recognise: (facts) => facts.message.includes("console.x.ai") || facts.message.includes("docs.x.ai") || /\bgrok\b/.test(facts.words),
  rules: [
    { says: /used all available credits|monthly spending limit|any credits|run out of credits|purchase more credits/, is: "QuotaExhausted" },
    { says: /maximum prompt length is/, is: "ContextLengthExceeded" },
    { says: /incorrect api key|api key is (?:disabled|blocked)|no api key provided/, is: "AuthenticationFailed" },
    { says: /model .{0,80}(?:does not exist|not found)/, is: "ModelNotFound" },
    { says: /usage guidelines|safety_check/, is: "ContentFiltered" },
    { says: /at capacity|currently unavailable|temporarily unavailable/, is: "Overloaded" },
    { says: /some resource has been exhausted|too many requests/, is: "RateLimited" },
    { says: /caller does not have permission/, is: "PermissionDenied" }
  ]
}
