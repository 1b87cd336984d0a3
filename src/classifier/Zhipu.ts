import type { Dialect } from "./Dialect.js"

// biome-ignore format: a table
/** Its codes are numbers in strings. The times it names without a zone are those of Beijing. @internal */
export const zhipu: Dialect = {
  name: "zhipu",
  title: "Zhipu and Z.ai",
  aliases: ["zhipuai", "zhipu-ai", "zai", "z.ai", "z-ai", "bigmodel", "glm", "chatglm"],
  zone: "+08:00",
  recognise: (facts) =>
    /\bz\.ai\b|bigmodel|zhipu/i.test(facts.message) ||
    (!facts.types.has("error") || facts.types.has("rate_limit_error")) && [...facts.codes].some((code) => /^1(?:1[12]\d|2[0-3]\d|261|30[1-9]|31\d)$/.test(code)),
  rules: [
    { code: ["1000", "1001", "1002", "1003", "1004", "1100", "1111"], is: "AuthenticationFailed" },
    { code: ["1110", "1112", "1121", "1220"], is: "PermissionDenied" },
    { code: ["1113", "1304", "1308", "1309", "1310", "1313", "1316", "1317"], is: "QuotaExhausted" },
    { code: "1210", says: /max(?:imum)? (?:input )?(?:length|tokens)|too (?:long|many tokens)|context|\u8d85\u8fc7|\u8d85\u957f/, is: "ContextLengthExceeded" },
    { code: "1261", is: "ContextLengthExceeded" },
    { code: ["1211", "1221", "1222", "1311"], is: "ModelNotFound" },
    { code: ["1200", "1210", "1212", "1213", "1214", "1215"], is: "InvalidRequest" },
    { code: ["1120", "1230", "1234"], is: "ServerError" },
    { code: "1231", is: "Conflict" },
    { code: ["1300", "1301"], is: "ContentFiltered" },
    { code: ["1302", "1303"], is: "RateLimited" },
    { code: ["1305", "1312"], is: "Overloaded" },
    { detail: ["finish_reason", /^sensitive$/], is: "ContentFiltered", by: "completion" }
  ]
}
