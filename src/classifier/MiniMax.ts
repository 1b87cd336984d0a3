import type { Dialect } from "./Dialect.js"

// biome-ignore format: a table
/** It answers with a status of 200 and says in `base_resp.status_code` what failed. @internal */
export const miniMax: Dialect = {
  name: "minimax",
  title: "MiniMax",
  aliases: ["mini-max", "minimaxi", "hailuo"],
  recognise: (facts) =>
    facts.values("status_code").some((code) => /^(?:[12]\d{3}|20132)$/.test(code)) ||
    /minimax/i.test(facts.message),
  rules: [
    { code: "1001", is: "TimedOut" },
    { code: ["1002", "1039", "1041", "2045"], is: "RateLimited" },
    { code: ["1004", "2049"], is: "AuthenticationFailed" },
    { code: ["1008", "2056"], is: "QuotaExhausted" },
    { code: "1026", is: "ContentFiltered" },
    { code: "1027", is: "ContentFiltered", by: "completion" },
    { code: ["1000", "1013", "1024", "1033"], is: "ServerError" },
    { code: "2061", is: "ModelNotFound" },
    { code: "2042", is: "PermissionDenied" },
    { code: "2013", says: /context window|context length|tokens? .{0,40}(?:exceed|limit)|too long/, is: "ContextLengthExceeded" },
    { code: "2013", says: /model .{0,60}not (?:exist|found|support)|(?:unknown|invalid) model/, is: "ModelNotFound" },
    { code: ["1042", "1043", "1044", "2013", "20132", "2037", "2039", "2048"], is: "InvalidRequest" }
  ]
}
