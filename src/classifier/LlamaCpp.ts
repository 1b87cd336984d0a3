import type { Dialect } from "./Dialect.js"

// biome-ignore format: a table
/** @internal */
export const llamaCpp: Dialect = {
  name: "llamacpp",
  title: "llama.cpp",
  aliases: ["llama.cpp", "llama-cpp", "llama-server"],
  recognise: (facts) => facts.header("server") === "llama.cpp" || ["exceed_context_size_error", "unavailable_error", "not_supported_error"].some((type) => facts.types.has(type)) || /physical batch size|jinja/.test(facts.words),
  rules: [
    { type: "exceed_context_size_error", is: "ContextLengthExceeded" },
    { type: "unavailable_error", is: "Overloaded" },
    { type: "not_supported_error", is: "InvalidRequest" },
    { says: /loading model/, is: "Overloaded" },
    { says: /physical batch size/, is: "ContextLengthExceeded" },
    { says: /jinja|chat template/, is: "InvalidRequest" },
    { says: /context size has been exceeded|available context size|context shift is disabled|exceed context window/, is: "ContextLengthExceeded" }
  ]
}
