import type { Dialect } from "./Dialect.js"

// biome-ignore format: a table
/** @internal */
export const ollama: Dialect = {
  name: "ollama",
  title: "Ollama",
  recognise: (facts) => facts.words.includes("ollama") || /try pulling it first|system memory|pending requests/.test(facts.words) || facts.message.includes("ollama.com"),
  rules: [
    { says: /requires more system memory|unable to load model/, is: "ServerError", retryable: false },
    { says: /model .{0,120}not found/, is: "ModelNotFound" },
    { says: /server busy|maximum pending requests/, is: "Overloaded" },
    { says: /(?:session|weekly|monthly) usage limit/, is: "QuotaExhausted" },
    { says: /hourly usage limit|too many concurrent/, is: "RateLimited" },
    { says: /requires a subscription/, is: "ModelNotFound" },
    { says: /does not support (?:tools|chat|generate|thinking|embed)/, is: "InvalidRequest" },
    { says: /exceed(?:s|ed) (?:the )?(?:max(?:imum)? )?context length/, is: "ContextLengthExceeded" },
    { says: /timed out waiting for .{0,20}runner/, is: "TimedOut" }
  ]
}
