import {
  after,
  auth,
  type Case,
  c,
  conflict,
  context,
  denied,
  filtered,
  invalid,
  large,
  malformed,
  model,
  overloaded,
  quota,
  rate,
  server,
  timedOut
} from "./Case.js"

const openAi = (code: string | null, message = "No words.", type: string | null = null) => ({
  error: { message, type, code, param: null }
})
const flat = (code: string | number, message = "No words.") => ({ code, message, request_id: "8f1c" })

// biome-ignore format: a table
export const dashscope: ReadonlyArray<Case> = [
  c("C17: OpenAI's words of billing for tokens per minute", 429, openAi("insufficient_quota", "You exceeded your current quota, please check your plan and billing details. For more information, see https://help.aliyun.com/zh/model-studio/error-code#token-limit", "insufficient_quota"), rate),
  c("C17: the same words without a code", 429, { message: "You exceeded your current quota, please check your plan and billing details. See https://www.alibabacloud.com/help/model-studio/error-code#token-limit" }, rate),
  c("the free tier is used up", 403, openAi("insufficient_quota", "The free tier of the model has been exhausted. See https://help.aliyun.com/x"), quota),
  c("the free tier, by code", 403, flat("AllocationQuota.FreeTierOnly"), quota),
  c("debt", 400, flat("Arrearage", "Access denied, please make sure your account is in good standing."), quota),
  c("a plan's five hours", 429, flat("Throttling.AllocationQuota", "hour allocated quota exceeded"), quota),
  c("tokens per minute", 429, flat("Throttling.AllocationQuota", "Allocated quota exceeded, please increase your quota limit."), rate),
  c("requests", 429, flat("Throttling.RateQuota", "Requests rate limit exceeded, please try again later."), rate),
  c("a burst", 429, flat("Throttling.BurstRate", "Request rate increased too quickly."), rate),
  c("requests, in compatible mode", 429, openAi("limit_requests", "You exceeded your current requests list."), rate),
  c("requests, by words", 429, { message: "You exceeded your current requests list, see dashscope." }, rate),
  c("inspected", 400, flat("DataInspectionFailed", "Input data may contain inappropriate content."), filtered),
  c("key", 401, flat("InvalidApiKey", "Invalid API-key provided."), auth),
  c("model", 404, flat("ModelNotFound", "Model can not be found."), model),
  c("one model is not open to the workspace", 403, flat("Model.AccessDenied", "Model access denied."), model),
  c("no model server", 503, flat("ModelUnavailable", "Model is unavailable, please try again later."), overloaded),
  c("timeout", 500, flat("RequestTimeOut", "Request timed out, please try again later."), timedOut),
  c("algorithm", 500, flat("InternalError.Algo", "An internal error has occurred during execution."), server),
  c("workspace", 403, flat("Workspace.AccessDenied", "Workspace access denied."), denied),
  c("input too long", 400, flat("InvalidParameter", "Range of input length should be [1, 30720]"), context),
  c("parameter", 400, flat("InvalidParameter", "temperature must be lower than 2"), invalid)
]

// biome-ignore format: a table
export const zhipu: ReadonlyArray<Case> = [
  c("key", 401, openAi("1002", "Authentication Token is invalid"), auth),
  c("locked", 429, openAi("1112", "Your account has been locked"), denied),
  c("balance", 429, openAi("1113", "Insufficient balance or no resource package. Please recharge."), quota),
  c("too many tokens", 400, openAi("1210", "Invalid API parameter: max tokens exceeded, the input is too long"), context),
  c("prompt too long", 400, openAi("1261", "Prompt exceeds max length"), context),
  c("model", 400, openAi("1211", "Unknown Model, please check the model code."), model),
  c("a model that the plan leaves out", 429, openAi("1311", "The current subscription does not include this model"), model),
  c("parameter", 400, openAi("1214", "The messages parameter is illegal"), invalid),
  c("account service", 500, openAi("1120", "Unable to access your account"), server),
  c("the same request again", 400, openAi("1231", "You already have a request"), conflict),
  c("filter", 400, openAi("1301", "The system has detected unsafe or sensitive content"), filtered),
  c("rate", 429, openAi("1302", "Rate limit reached for requests"), rate),
  c("traffic", 429, openAi("1312", "The service may be temporarily overloaded, please try again later"), overloaded),
  c("a filtered answer", 200, { choices: [{ finish_reason: "sensitive", message: { content: "" } }], model: "glm-5", id: "bigmodel" }, filtered),
  c("a window of five hours, in the time of Beijing", 429, openAi("1308", "Usage limit reached for 5 hour. Your limit will reset at 2026-10-21 17:28:00"), after(quota, 7_200_000), { date: "Wed, 21 Oct 2026 07:28:00 GMT" }),
  c("the same in Chinese", 429, openAi("1308", "\u5df2\u8fbe\u5230 5 \u5c0f\u65f6\u7684\u4f7f\u7528\u4e0a\u9650\u3002\u60a8\u7684\u9650\u989d\u5c06\u5728 2026-10-21 17:28:00 \u91cd\u7f6e"), after(quota, 7_200_000), { date: "Wed, 21 Oct 2026 07:28:00 GMT" }),
  c("behind Anthropic's envelope", 429, { type: "error", error: { type: "rate_limit_error", code: "1310", message: "Weekly limit exhausted" } }, quota)
]

const base = (status_code: number, status_msg: string) => ({
  id: "0",
  choices: null,
  base_resp: { status_code, status_msg },
  usage: { total_tokens: 512 }
})

// biome-ignore format: a table
export const minimax: ReadonlyArray<Case> = [
  c("C15: balance", 200, base(1008, "insufficient balance"), quota),
  c("C15: rate", 200, base(1002, "rate limit"), rate),
  c("C15: tokens per minute", 200, base(1039, "token limit"), rate),
  c("C15: key", 200, base(2049, "invalid api key"), auth),
  c("C15: filtered input", 200, base(1026, "input new_sensitive"), filtered),
  c("C15: filtered output", 200, base(1027, "output new_sensitive"), filtered),
  c("C15: server", 200, base(1033, "downstream service error"), server),
  c("C15: timeout", 200, base(1001, "request timeout"), timedOut),
  c("C15: a model of another plan", 200, base(2061, "your current token plan not support model"), model),
  c("C15: window", 200, base(2013, "invalid params, context window exceeds limit"), context),
  c("C15: model", 200, base(2013, "invalid params, unknown model 'abab'"), model),
  c("C15: parameter", 200, base(2013, "invalid params, temperature"), invalid),
  c("C15: invisible characters", 200, base(1042, "invisible character ratio limit"), invalid),
  c("C15: sample", 200, base(20132, "invalid samples or voice_id"), invalid),
  c("C15: somebody else's voice", 200, base(2042, "No words."), denied)
]

// biome-ignore format: a table
export const moonshot: ReadonlyArray<Case> = [
  c("quota", 429, openAi(null, "Your account is suspended, please check your plan and billing details", "exceeded_current_quota_error"), quota),
  c("tokens per day", 429, openAi(null, "Your account reached max TPD rate limit: 500000", "rate_limit_reached_error"), quota),
  c("rate", 429, openAi(null, "Your account reached max RPM: 3, please try again after 1 seconds", "rate_limit_reached_error"), after(rate, 1_000)),
  c("overload", 429, openAi(null, "The engine is currently overloaded, please try again later", "engine_overloaded_error"), overloaded),
  c("key", 401, openAi(null, "Invalid Authentication", "invalid_authentication_error"), auth),
  c("permission", 403, openAi(null, "Kimi is only available for coding agents", "access_terminated_error"), denied),
  c("model", 404, openAi(null, "Not found the model or permission denied", "resource_not_found_error"), model),
  c("filter", 400, openAi(null, "The request was rejected because it was considered high risk", "content_filter"), filtered),
  c("output", 500, openAi(null, "kimi: invalid state transition", "unexpected_output"), server),
  c("window", 400, openAi(null, "Invalid request: Your request exceeded model token limit: 8192", "invalid_request_error"), context)
]

// biome-ignore format: a table
export const siliconflow: ReadonlyArray<Case> = [
  c("window in tokens", 400, { code: 20015, message: "number of input tokens (83121) have exceeded max_prompt_tokens (65536) limit.", data: null }, context),
  c("model", 400, { code: 20012, message: "Model does not exist. Please check it carefully.", data: null }, model),
  c("window", 400, { code: 20015, message: "length of prompt_tokens (40000) must be less than max_seq_len (32768).", data: null }, context),
  c("parameter", 400, { code: 20015, message: "The parameter is invalid.", data: null }, invalid),
  c("balance", 403, { code: 30001, message: "Sorry, your account balance is insufficient", data: null }, quota),
  c("disabled", 403, { code: 30003, message: "Model disabled.", data: null }, model),
  c("overload", 503, { code: 50505, message: "Model service overloaded. Please try again later.", data: null }, overloaded),
  c("server", 500, { code: 50507, message: "?", data: null }, server),
  c("tokens per minute", 429, { message: "Request was rejected due to rate limiting. Details:TPM limit reached.", data: null }, rate),
  c("balance, by words", 402, { message: "Your account balance is insufficient" }, quota)
]

// biome-ignore format: a table
export const volcengine: ReadonlyArray<Case> = [
  c("quota", 429, openAi("QuotaExceeded", "Your account has exhausted its free trial quota for the model.", "TooManyRequests"), quota),
  c("debt", 403, openAi("AccountOverdueError", "The request failed because your account has an overdue balance."), quota),
  c("burst", 429, openAi("RequestBurstTooFast", "Slow down"), rate),
  c("the endpoint's requests", 429, openAi("RateLimitExceeded.EndpointRPMExceeded", "No words."), rate),
  c("the account's tokens", 429, openAi("ModelAccountTpmRateLimitExceeded", "No words."), rate),
  c("overload", 429, openAi("ServerOverloaded", "The service is currently unable to handle additional requests."), overloaded),
  c("a model that is not open", 404, openAi("ModelNotOpen", "Your account has not activated the model. Activate it in the Ark Console."), model),
  c("endpoint", 404, openAi("InvalidEndpointOrModel.NotFound", "The model or endpoint does not exist or you do not have access to it.", "NotFound"), model),
  c("a closed endpoint", 400, openAi("InvalidEndpoint.ClosedEndpoint", "The endpoint is closed or temporarily unavailable"), model),
  c("input", 400, openAi("InputTextSensitiveContentDetected", "No words."), filtered),
  c("output", 400, openAi("OutputImageSensitiveContentDetected", "No words."), filtered),
  c("key", 401, openAi("AuthenticationError", "The API key in the request is missing or invalid."), auth),
  c("permission", 403, openAi("AccessDenied", "Ark: the access is denied."), denied),
  c("server", 500, openAi("InternalServiceError", "The service encountered an unexpected internal error."), server),
  c("window", 400, openAi("InvalidParameter", "Total tokens of image and text exceed max message tokens. Ark"), context),
  c("parameter", 400, openAi("MissingParameter.messages", "Ark: missing"), invalid)
]

const baidu = (error_code: number, error_msg: string) => ({ error_code, error_msg })

// biome-ignore format: a table
export const qianfan: ReadonlyArray<Case> = [
  c("rate", 429, openAi("rpm_rate_limit_exceeded", "Rate limit reached for RPM"), rate),
  c("cluster", 429, openAi("cluster_rate_limit_exceeded", "No words."), overloaded),
  c("debt", 403, openAi("account_overdue", "Account is overdue"), quota),
  c("key", 401, openAi("invalid_iam_token", "IAM token is invalid"), auth),
  c("model", 404, openAi("invalid_model", "The model does not exist or you do not have access to it."), model),
  c("window", 400, openAi("tokens_too_long", "Prompt tokens too long"), context),
  c("filter", 400, openAi("system_unsafe", "the content of message field is not safe"), filtered),
  c("server", 500, openAi("dispatch_internal_error", "Internal error"), server),
  c("parameter", 400, openAi("malformed_json", "Invalid JSON"), invalid),
  c("C15: the day's requests, in a 200", 200, baidu(17, "Open api daily request limit reached"), quota),
  c("C15: requests per second, in a 200", 200, baidu(18, "Open api qps request limit reached"), rate),
  c("C15: the cluster, in a 200", 200, baidu(4, "Open api request limit reached"), overloaded),
  c("C15: a token that expired, in a 200", 200, baidu(111, "Access token expired"), auth),
  c("C15: permission, in a 200", 200, baidu(6, "No permission to access data"), denied),
  c("C15: service, in a 200", 200, baidu(2, "Service temporarily unavailable"), server),
  c("C15: method, in a 200", 200, baidu(3, "Unsupported openapi method"), model),
  c("C15: prompt too long, in a 200", 200, baidu(336103, "prompt tokens too long"), context)
]

const tencent = (Code: string, Message = "No words.") => ({ Response: { RequestId: "r", Error: { Code, Message } } })

// biome-ignore format: a table
export const hunyuan: ReadonlyArray<Case> = [
  c("C15: pack used up", 200, tencent("FailedOperation.ResourcePackExhausted"), quota),
  c("C15: capacity", 200, tencent("FailedOperation.EngineServerLimitExceeded"), overloaded),
  c("C15: timeout", 200, tencent("FailedOperation.EngineRequestTimeout"), timedOut),
  c("C15: server", 200, tencent("FailedOperation.EngineServerError"), server),
  c("C15: not activated", 200, tencent("FailedOperation.ServiceNotActivated"), denied),
  c("C15: model", 200, tencent("InvalidParameterValue.Model"), model),
  c("C15: rate", 200, tencent("RequestLimitExceeded.UinLimitExceeded"), rate),
  c("C15: key", 200, tencent("AuthFailure.SecretIdNotFound"), auth),
  c("C15: permission", 200, tencent("UnauthorizedOperation"), denied),
  c("C15: permission of a good key", 200, tencent("AuthFailure.UnauthorizedOperation"), denied),
  c("C15: address", 200, tencent("IpNotInWhitelist"), denied),
  c("C15: size", 200, tencent("RequestSizeLimitExceeded"), large),
  c("C15: version", 200, tencent("NoSuchVersion"), invalid),
  c("C15: failed", 200, tencent("FailedOperation"), server),
  c("C15: filter", 200, tencent("OperationDenied.TextIllegalDetected"), filtered),
  c("C15: parameter", 200, tencent("InvalidParameter.Temperature"), invalid),
  c("C15: an answer that is none", 200, { Response: { RequestId: "r" } }, malformed)
]
