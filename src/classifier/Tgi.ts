import type { Dialect } from "./Dialect.js"

// biome-ignore format: a table
/** @internal */
export const tgi: Dialect = {
  name: "tgi",
  title: "Text Generation Inference",
  aliases: ["text-generation-inference"],
  recognise: (facts) => facts.header("x-compute-type") !== undefined || facts.values("error_type").some((type) => ["validation", "overloaded", "generation", "incomplete_generation"].includes(type)) || /max_new_tokens|inference providers/.test(facts.words),
  rules: [
    { name: "overloaded", is: "Overloaded" },
    { name: ["generation", "incomplete_generation"], is: "ServerError" },
    { says: /tokens.{0,6} \+ .{0,3}max_new_tokens|.{0,3}inputs.{0,3} must have less than/, is: "ContextLengthExceeded" },
    { says: /monthly (?:included )?credits/, is: "QuotaExhausted" },
    { says: /currently loading|model too busy/, is: "Overloaded" },
    { says: /input validation error/, is: "InvalidRequest" }
  ]
}
