import type { Dialect } from "./Dialect.js"

// biome-ignore format: a table
/** Problem details, in which a model is a function. @internal */
export const nim: Dialect = {
  name: "nvidia",
  title: "NVIDIA NIM",
  aliases: ["nim", "nvidia-nim", "nvcf", "nvidia_nim"],
  recognise: (facts) =>
    facts.header("nvcf-reqid") !== undefined || facts.header("nvcf-status") !== undefined ||
    facts.has("type", /^urn:(?:inference-service|nvcf|kubernetes)/) || /nvidia|\bnvcf\b|function .{0,80}(?:not found for account|cannot be invoked)/i.test(facts.message),
  rules: [
    { says: /degraded|cannot be invoked|worker .{0,40}limit reached|resourceexhausted/, is: "Overloaded" },
    { says: /credits? expired|(?:out of|no|insufficient) .{0,20}credits|trial .{0,40}(?:expired|ended)/, is: "QuotaExhausted" },
    { says: /function .{0,120}not found|not found for account/, is: "ModelNotFound" },
    { says: /inference (?:connection )?error|inference error/, is: "ServerError" },
    { says: /authori[sz]ation failed|authentication failed/, is: "AuthenticationFailed" },
    { status: 402, is: "QuotaExhausted" }
  ]
}
