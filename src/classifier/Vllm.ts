import type { Dialect } from "./Dialect.js"

// biome-ignore format: a table
/** @internal */
export const vllm: Dialect = {
  name: "vllm",
  title: "vLLM",
  aliases: ["v-llm", "sglang"],
  recognise: (facts) => ["badrequesterror", "notfounderror", "internalservererror"].some((type) => facts.types.has(type)) || /enginecore|vllm|max_model_len/.test(facts.words),
  rules: [
    { says: /enginecore|engine is dead|enginedead|engine process .{0,20}died/, is: "ServerError", retryable: false },
    { says: /max_tokens must be at least 1, got -/, is: "ContextLengthExceeded" },
    { says: /longer than the maximum model length|max_model_len/, is: "ContextLengthExceeded" },
    { type: "NotFoundError", says: /model/, is: "ModelNotFound" }
  ],
  vague: [
    { type: "BadRequestError", status: 400, is: "InvalidRequest" },
    { type: "InternalServerError", is: "ServerError" }
  ]
}
