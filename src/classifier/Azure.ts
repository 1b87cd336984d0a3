import type { Dialect } from "./Dialect.js"

// biome-ignore format: a table
/** @internal */
export const azure: Dialect = {
  name: "azure",
  title: "Azure OpenAI and GitHub Models",
  aliases: ["azure-openai", "azureopenai", "azure_ai", "azure-ai", "azure-cognitive-services", "github", "github-models"],
  recognise: (facts) =>
    facts.header("apim-request-id") !== undefined ||
    facts.header("x-ms-region") !== undefined ||
    facts.values("content_filter_result").length > 0 ||
    facts.codes.has("responsibleaipolicyviolation") ||
    /azure openai|cognitive ?services/.test(facts.words),
  rules: [
    { name: ["content_filter", "ResponsibleAIPolicyViolation", "content_filter_error"], is: "ContentFiltered" },
    { name: ["DeploymentNotFound", "unknown_model", "ModelNotFound", "InvalidDeployment"], is: "ModelNotFound" },
    { name: "OperationNotSupported", is: "InvalidRequest" },
    { name: "tokens_limit_reached", is: "ContextLengthExceeded" },
    { name: ["RateLimitReached", "TooManyRequests"], is: "RateLimited" },
    { name: ["QuotaExceeded", "OutOfCallVolumeQuota"], is: "QuotaExhausted" },
    { name: ["NoCapacity", "EngineOverloaded", "ServiceUnavailable", "ServerBusy"], is: "Overloaded" },
    { name: ["PermissionDenied", "AuthorizationFailed", "PrincipalLacksDataAction", "Forbidden"], is: "PermissionDenied" },
    { name: ["Unauthorized", "InvalidAuthenticationToken", "no_access"], status: 401, is: "AuthenticationFailed" },
    { name: ["Timeout", "RequestTimeout", "GatewayTimeout"], is: "TimedOut" },
    { says: /virtual network|firewall rules/, is: "PermissionDenied" },
    { says: /high demand|peak load/, is: "Overloaded" },
    { says: /out of call volume quota/, is: "QuotaExhausted" },
    { says: /exceeded (?:the )?(?:token|call) rate limit/, is: "RateLimited" },
    { says: /api deployment for this resource does not exist/, is: "ModelNotFound" },
    { says: /invalid subscription key|wrong api endpoint/, is: "AuthenticationFailed" },
    { says: /response was filtered|completion was filtered/, is: "ContentFiltered", by: "completion" }
  ],
  vague: [{ name: "InternalServerError", is: "ServerError" }]
}
