import type { Dialect } from "./Dialect.js"

// biome-ignore format: a table
/** @internal */
export const volcengine: Dialect = {
  name: "volcengine",
  title: "Volcengine Ark (Doubao)",
  aliases: ["volcano", "ark", "doubao", "bytedance", "byteplus"],
  recognise: (facts) =>
    /volcengine|byteplus|\bdoubao\b|\bark\b/i.test(facts.message) ||
    [...facts.codes].some((code) => /^(?:invalidendpointormodel|invalidendpoint|modelaccount|apiaccount|modelnotopen|sensitivecontentdetected|(?:in|out)put(?:text|image|video)(?:sensitive|risk)|ratelimitexceeded\.|setlimitexceeded|serveroverloaded|accountoverdueerror|operationdenied\.service|inflightbatchsize|requestbursttoofast|internalserviceerror)/.test(code)),
  rules: [
    { code: ["QuotaExceeded", "SetLimitExceeded", "AccountOverdueError", "OperationDenied.ServiceOverdue", "InsufficientBalance"], is: "QuotaExhausted" },
    { code: ["RequestBurstTooFast", "InflightBatchsizeExceeded", "AccountRateLimitExceeded"], is: "RateLimited" },
    { detail: ["code", /^(?:RateLimitExceeded\.|(?:Model|API)Account[A-Za-z]{2,4}RateLimitExceeded)/], is: "RateLimited" },
    { code: ["ServerOverloaded", "ModelLoadingError", "ServiceResourceWaitingQueueFull"], is: "Overloaded" },
    { code: ["ModelNotOpen", "UnsupportedModel", "OperationDenied.ServiceNotOpen"], is: "ModelNotFound" },
    { detail: ["code", /^InvalidEndpoint(?:OrModel)?\./], is: "ModelNotFound" },
    { detail: ["code", /^(?:SensitiveContentDetected|Input(?:Text|Image|Video)(?:Sensitive|Risk))/], is: "ContentFiltered" },
    { detail: ["code", /^Output(?:Text|Image|Video)(?:Sensitive|Risk)/], is: "ContentFiltered", by: "completion" },
    { code: ["AuthenticationError", "InvalidAuthentication"], is: "AuthenticationFailed" },
    { code: ["AccessDenied", "InvalidAccountStatus", "OperationDenied.PermissionDenied"], is: "PermissionDenied" },
    { code: "InternalServiceError", is: "ServerError" },
    { says: /total tokens of (?:image and )?text exceed max message tokens/, is: "ContextLengthExceeded" }
  ],
  vague: [
    { detail: ["code", /^(?:InvalidParameter|MissingParameter|InvalidArgumentError)/], is: "InvalidRequest" }
  ]
}
