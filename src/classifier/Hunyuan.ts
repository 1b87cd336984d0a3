import type { Dialect } from "./Dialect.js"

// biome-ignore format: a table
/** Its own API has `Response.Error.Code`, a family and, after a dot, the kind. @internal */
export const hunyuan: Dialect = {
  name: "hunyuan",
  title: "Tencent Hunyuan",
  aliases: ["tencent", "tencent-cloud", "tencentcloud", "lkeap"],
  recognise: (facts) =>
    /tencentcloud|hunyuan/i.test(facts.message) ||
    [...facts.codes].some((code) => /^(?:authfailure|failedoperation|resourceinsufficient|resourceunavailable|requestlimitexceeded|limitexceeded|operationdenied|invalidparametervalue|unauthorizedoperation|ipinblacklist|ipnotinwhitelist|requestsizelimitexceeded|actionoffline|nosuch(?:product|version)|invalidaction|resourcessoldout|unsupportedregion)(?:\.|$)/.test(code)),
  rules: [
    { code: ["FailedOperation.ResourcePackExhausted", "FailedOperation.FreeResourcePackExhausted", "FailedOperation.ServiceStopArrears", "FailedOperation.SetPayModeExceed", "ResourceInsufficient.ChargeResourceExhaust", "ResourceUnavailable.InArrears", "ResourceUnavailable.LowBalance"], is: "QuotaExhausted" },
    { code: ["FailedOperation.EngineServerLimitExceeded", "ResourceInsufficient", "ResourceUnavailable", "ResourcesSoldOut"], is: "Overloaded" },
    { code: "FailedOperation.EngineRequestTimeout", is: "TimedOut" },
    { code: ["FailedOperation.EngineServerError", "FailedOperation.ConsoleServerError", "FailedOperation", "InternalError"], is: "ServerError" },
    { code: ["FailedOperation.ServiceNotActivated", "FailedOperation.ServiceStop", "FailedOperation.UserUnAuthError", "AuthFailure.UnauthorizedOperation", "IpInBlacklist", "IpNotInWhitelist"], is: "PermissionDenied" },
    { code: ["InvalidParameterValue.Model", "ResourceUnavailable.NotExist"], is: "ModelNotFound" },
    { code: "RequestSizeLimitExceeded", is: "RequestTooLarge" },
    { code: ["ActionOffline", "InvalidAction", "NoSuchProduct", "NoSuchVersion", "UnknownParameter", "UnsupportedRegion"], is: "InvalidRequest" },
    { detail: ["code", /^(?:RequestLimitExceeded|LimitExceeded)(?:\.|$)/], is: "RateLimited" },
    { detail: ["code", /^AuthFailure(?:\.|$)/], is: "AuthenticationFailed" },
    { detail: ["code", /^UnauthorizedOperation(?:\.|$)/], is: "PermissionDenied" },
    { detail: ["code", /^OperationDenied\.(?:Text|Image)IllegalDetected/], is: "ContentFiltered" }
  ],
  vague: [
    { detail: ["code", /^(?:InvalidParameter|InvalidParameterValue|MissingParameter|UnsupportedOperation)(?:\.|$)/], is: "InvalidRequest" }
  ]
}
