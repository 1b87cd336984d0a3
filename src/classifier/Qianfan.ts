import type { Dialect } from "./Dialect.js"

// biome-ignore format: a table
/** Its first version has numbers, its second OpenAI's envelope. @internal */
export const qianfan: Dialect = {
  name: "qianfan",
  title: "Baidu Qianfan (ERNIE)",
  aliases: ["baidu", "ernie", "wenxin", "yiyan"],
  recognise: (facts) =>
    /qianfan|baidubce|ernie/i.test(facts.message) ||
    facts.values("id").some((id) => /^as-[a-z0-9]{6,20}$/.test(id)) ||
    ["system_unsafe", "user_setting_error", "invalid_iam_token", "rpm_rate_limit_exceeded", "tpm_rate_limit_exceeded", "cluster_rate_limit_exceeded"].some((code) => facts.codes.has(code)) ||
    (facts.values("error_msg").length > 0 && facts.values("error_code").length > 0),
  rules: [
    { code: ["rpm_rate_limit_exceeded", "tpm_rate_limit_exceeded", "user_rate_limit_exceeded", "preemptible_rpm_rate_limit_exceeded", "preemptible_tpm_rate_limit_exceeded", "336501", "336502"], is: "RateLimited" },
    { code: ["cluster_rate_limit_exceeded", "server_overloaded", "336100"], is: "Overloaded" },
    { code: ["account_overdue", "insufficient_balance", "coding_plan_hour_quota_exceeded", "coding_plan_week_quota_exceeded", "coding_plan_month_quota_exceeded"], is: "QuotaExhausted" },
    { code: ["invalid_iam_token", "invalid_appId", "336004"], is: "AuthenticationFailed" },
    { code: ["invalid_model", "no_such_model", "model_offline", "336005"], is: "ModelNotFound" },
    { code: ["tokens_too_long", "336006", "336007", "336103"], is: "ContextLengthExceeded" },
    { code: ["system_unsafe", "user_setting_error", "unsafe_content"], is: "ContentFiltered" },
    { code: ["internal_error", "dispatch_internal_error", "336000"], is: "ServerError" },
    { code: ["malformed_json", "invalid_argument", "336001", "336002", "336003"], is: "InvalidRequest" },
    { detail: ["error_code", /^(?:17|19)$/], is: "QuotaExhausted" },
    { detail: ["error_code", /^18$/], is: "RateLimited" },
    { detail: ["error_code", /^4$/], is: "Overloaded" },
    { detail: ["error_code", /^(?:13|14|100|110|111)$/], is: "AuthenticationFailed" },
    { detail: ["error_code", /^(?:6|15)$/], is: "PermissionDenied" },
    { detail: ["error_code", /^[12]$/], is: "ServerError" },
    { detail: ["error_code", /^3$/], is: "ModelNotFound" }
  ]
}
