import type { Dialect } from "./Dialect.js"

// biome-ignore format: a table
/** @internal */
export const deepSeek: Dialect = {
  name: "deepseek",
  title: "DeepSeek",
  recognise: (facts) => facts.header("x-ds-trace-id") !== undefined || facts.has("finish_reason", /^insufficient_system_resource$/),
  rules: [
    { detail: ["finish_reason", /^insufficient_system_resource$/], is: "Overloaded" },
    { says: /insufficient balance/, is: "QuotaExhausted" },
    { says: /model not exist/, is: "ModelNotFound" },
    { says: /content exists risk/, is: "ContentFiltered" },
    { says: /service is too busy/, is: "Overloaded" }
  ]
}
