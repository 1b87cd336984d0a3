import type { Dialect } from "./Dialect.js"

// biome-ignore format: a table
/** @internal */
export const lmStudio: Dialect = {
  name: "lmstudio",
  title: "LM Studio",
  aliases: ["lm-studio", "lm_studio"],
  recognise: (facts) => /lm ?studio|no models loaded|model has crashed|model unloaded|system resources|context length of only|n_keep/.test(facts.words),
  rules: [
    { says: /context length of only|context the overflows|context overflow|tokens to keep .{0,60}greater than the context/, is: "ContextLengthExceeded" },
    { says: /model does not exist|no models? loaded|multiple models are loaded/, is: "ModelNotFound" },
    { says: /insufficient system resources|not enough resources/, is: "ServerError", retryable: false },
    { says: /model has crashed|model (?:is )?unloaded|failed to load model|operation canceled/, is: "ServerError" },
    { says: /unexpected endpoint or method/, is: "InvalidRequest" }
  ]
}
