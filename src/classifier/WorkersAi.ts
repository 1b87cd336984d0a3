import type { Dialect } from "./Dialect.js"

// biome-ignore format: a table
/** Numbers in `errors[].code`; the binding of a worker throws the same as words. @internal */
export const workersAi: Dialect = {
  name: "workersai",
  title: "Cloudflare Workers AI",
  aliases: ["cloudflare", "workers-ai", "cloudflare-workers-ai", "cloudflare-ai", "cf-ai", "ai-gateway-cloudflare"],
  recognise: (facts) =>
    ["cf-ai-req-id", "cf-aig-log-id", "cf-aig-step"].some((name) => facts.header(name) !== undefined) || /aierror|workers ai|\bneurons\b|blocked due to security configurations/.test(facts.words),
  rules: [
    { code: ["3040", "3043"], is: "Overloaded" },
    { code: "3036", is: "QuotaExhausted" },
    { code: ["3007", "3008", "3046"], is: "TimedOut" },
    { code: ["5007", "5016", "5018", "3042"], is: "ModelNotFound" },
    { code: "3041", says: /private model|access this model/, is: "ModelNotFound" },
    { code: ["3041", "3023"], is: "PermissionDenied" },
    { code: "3006", is: "RequestTooLarge" },
    { code: "5021", is: "ContextLengthExceeded" },
    { code: "2016", is: "ContentFiltered" },
    { code: "2017", is: "ContentFiltered", by: "completion" },
    { code: ["10000", "10001", "2009", "9109"], is: "AuthenticationFailed" },
    { code: ["2003", "971", "10013"], is: "RateLimited" },
    { code: ["3003", "5004", "5005", "5006", "5019", "3039"], is: "InvalidRequest" }
  ]
}
