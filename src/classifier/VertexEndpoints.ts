import type { Dialect } from "./Dialect.js"

// biome-ignore format: a table
/** A model that somebody deployed, on Google's machines. @internal */
export const vertexEndpoints: Dialect = {
  name: "vertex-endpoints",
  title: "Vertex AI endpoints",
  aliases: ["vertex-endpoint", "vertexendpoints", "model-garden", "vertex-model-garden"],
  recognise: (facts) =>
    /aiplatform|\/endpoints\/|vertex ai/i.test(facts.message),
  rules: [
    { says: /endpoint.{0,120}(?:not found|is not found|does not exist)|no deployed models|not deployed|(?:has no|n't have (?:a )?)traffic[ _]split|undeployed/, is: "ModelNotFound" },
    { says: /dedicated endpoint|is dedicated and cannot be accessed through/, is: "InvalidRequest" },
    { says: /took too long to respond|prediction .{0,40}timed out/, is: "TimedOut" },
    { says: /scaled? (?:to|from) zero|model server .{0,40}(?:not ready|unavailable|connection)|no available (?:replica|backend)/, is: "Overloaded" },
    { says: /prediction.{0,40}per_base_model|online_prediction_requests/, is: "RateLimited" }
  ]
}
