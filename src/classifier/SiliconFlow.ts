import type { Dialect } from "./Dialect.js"

// biome-ignore format: a table
/** Flat objects with a number as the code, or a bare text. @internal */
export const siliconFlow: Dialect = {
  name: "siliconflow",
  title: "SiliconFlow",
  aliases: ["silicon-flow", "siliconcloud"],
  recognise: (facts) =>
    facts.header("x-siliconcloud-trace-id") !== undefined ||
    [...facts.codes].some((code) => /^(?:200\d\d|300\d\d|505\d\d|506\d\d)$/.test(code)) ||
    /siliconflow/i.test(facts.message),
  rules: [
    { code: "20012", is: "ModelNotFound" },
    { code: "20015", says: /max_seq_len|max_prompt_tokens|length of prompt|context|too long/, is: "ContextLengthExceeded" },
    { code: ["20015", "20024", "20041", "20042"], is: "InvalidRequest" },
    { code: ["30001", "30011"], is: "QuotaExhausted" },
    { code: "30003", is: "ModelNotFound" },
    { code: ["50501", "50505", "50603", "50604"], is: "Overloaded" },
    { code: ["50507", "50508"], is: "ServerError" },
    { says: /rejected due to rate limiting/, is: "RateLimited" },
    { says: /account balance is insufficient/, is: "QuotaExhausted" }
  ]
}
