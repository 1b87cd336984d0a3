import type { Dialect } from "./Dialect.js"

// biome-ignore format: a table
/** @internal */
export const fireworks: Dialect = {
  name: "fireworks",
  title: "Fireworks",
  aliases: ["fireworks-ai", "fireworksai", "fireworks_ai"],
  recognise: (facts) =>
    facts.header("fireworks-server-processing-time") !== undefined || [...facts.codes].some((code) => code.startsWith("deployment_scal")) || /fireworks|didn't generate first token/i.test(facts.message),
  rules: [
    { type: "server_error", says: /didn't generate first token|before the given deadline/, is: "Overloaded" },
    { code: "DEPLOYMENT_SCALING_UP", is: "Overloaded" },
    { code: "PRECONDITION_FAILED", says: /suspended|spending limit|past invoices/, is: "QuotaExhausted" },
    { says: /account .{0,80}is suspended, possibly/, is: "QuotaExhausted" },
    { code: "NOT_FOUND", is: "ModelNotFound" },
    { says: /not found, inaccessible, and\/or not deployed/, is: "ModelNotFound" },
    { says: /too long: \d{1,9}, model maximum context length/, is: "ContextLengthExceeded" },
    { says: /scaled to zero|scaling up/, is: "Overloaded" },
    { status: [425, 429], says: /^$/, is: "RateLimited" }
  ]
}
