import type { Dialect } from "./Dialect.js"

// biome-ignore format: a table
/** Its compatible mode has `insufficient_quota` and OpenAI's sentence of billing for a limit of tokens per minute. @internal */
export const dashScope: Dialect = {
  name: "dashscope",
  title: "Alibaba Cloud Model Studio (DashScope, Qwen)",
  aliases: ["alibaba", "alibaba-cloud", "aliyun", "bailian", "qwen", "tongyi", "model-studio", "modelstudio"],
  recognise: (facts) =>
    facts.header("x-dashscope-call-gateway") !== undefined ||
    /dashscope|alibabacloud\.com|aliyun\.com|model-studio|bailian/i.test(facts.message) ||
    [...facts.codes].some((code) => /^(?:throttling|allocationquota|arrearage|datainspectionfailed|commoditynotpurchased|(?:pre|post)paidbilloverdue|internalerror\.algo)(?:\.|$)/.test(code)),
  rules: [
    { name: ["AllocationQuota.FreeTierOnly", "Arrearage", "CommodityNotPurchased", "PrepaidBillOverdue", "PostpaidBillOverdue"], is: "QuotaExhausted" },
    { name: ["insufficient_quota", "Throttling", "Throttling.AllocationQuota", "Throttling.RateQuota", "rate_limit_exceeded"], says: /free (?:tier|quota|allocated)|(?:hour|day|week|month) allocated quota|arrear|overdue|good standing|balance/, is: "QuotaExhausted" },
    { name: ["insufficient_quota", "limit_requests", "limit_burst_rate", "rate_limit_exceeded"], is: "RateLimited" },
    { detail: ["code", /^(?:Throttling|RateQuota|AllocationQuota|LimitRequests)(?:\.|$)/i], is: "RateLimited" },
    { name: ["DataInspectionFailed", "data_inspection_failed", "IPInfringementSuspect", "InvalidParameter.DataInspection"], is: "ContentFiltered" },
    { name: ["InvalidApiKey", "invalid_api_key"], is: "AuthenticationFailed" },
    { name: ["ModelNotFound", "model_not_found", "Model.AccessDenied", "model_access_denied", "AccessDenied.Unpurchased", "model_not_supported"], is: "ModelNotFound" },
    { name: ["ModelUnavailable", "ModelServiceFailed", "ServiceUnavailable", "ModelServingError"], is: "Overloaded" },
    { name: ["RequestTimeOut", "InternalError.Timeout", "ResponseTimeout"], is: "TimedOut" },
    { name: ["InternalError", "InternalError.Algo", "InternalError.FileUpload", "SystemError", "RewriteFailed"], is: "ServerError" },
    { name: ["Workspace.AccessDenied", "App.AccessDenied"], is: "PermissionDenied" },
    { says: /allocated quota exceeded|requests rate limit exceeded|exceeded your current requests list|request rate increased too quickly|requests are being throttled/, is: "RateLimited" },
    { says: /exceeded your current quota/, is: "RateLimited" },
    { says: /range of input length/, is: "ContextLengthExceeded" }
  ],
  vague: [
    { name: ["InvalidParameter", "invalid_parameter_error", "InvalidURL", "UnsupportedOperation"], is: "InvalidRequest" }
  ]
}
