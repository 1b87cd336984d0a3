import type { Dialect } from "./Dialect.js"

// biome-ignore format: a table
/** @internal */
export const sambaNova: Dialect = {
  name: "sambanova",
  title: "SambaNova",
  aliases: ["samba-nova"],
  recognise: (facts) =>
    /sambanova|requested generation length|sequence length is just/i.test(facts.message),
  rules: [
    { says: /maximum supported sequence length|requested generation length/, is: "ContextLengthExceeded" },
    { says: /queue (?:depth|is full)|maximum number of queued requests/, is: "Overloaded" },
    { says: /requests? per (?:minute|second) exceeded|rate limit exceeded/, is: "RateLimited" },
    { says: /unavailable_model|model not found|model is not available/, is: "ModelNotFound" },
    { says: /free tier .{0,40}(?:exceeded|exhausted)|credits? .{0,20}(?:expired|exhausted)/, is: "QuotaExhausted" }
  ]
}
