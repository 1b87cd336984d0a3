import type { Dialect } from "./Dialect.js"

// biome-ignore format: a table
/** @internal */
export const huggingFace: Dialect = {
  name: "huggingface",
  title: "Hugging Face: the router and inference endpoints",
  aliases: ["hf", "hugging-face", "hf-inference", "hf-router", "inference-endpoints"],
  recognise: (facts) =>
    facts.header("x-compute-type") !== undefined || facts.header("x-inference-provider") !== undefined || /hugging ?face|inference providers|inference endpoints/i.test(facts.message),
  rules: [
    { says: /monthly (?:included )?credits|pre-paid credits/, is: "QuotaExhausted" },
    { says: /not supported by (?:any )?provider|not a chat model|is not supported for task|not supported by hf inference/, is: "ModelNotFound" },
    { says: /endpoint (?:is|has been) (?:paused|stopped|deleted)/, is: "ModelNotFound" },
    { says: /scaled to zero|currently loading|model too busy|is overloaded|endpoint is (?:initializing|starting)/, is: "Overloaded" },
    { says: /invalid username or password|log in or use a hf/, is: "AuthenticationFailed" },
    { says: /sufficient permissions to call/, is: "PermissionDenied" },
    { says: /gated repo|must be a pro user|requires a pro subscription/, is: "ModelNotFound" }
  ]
}
