import type { Dialect } from "./Dialect.js"

// biome-ignore format: a table
/** @internal */
export const liteLlm: Dialect = {
  name: "litellm",
  title: "LiteLLM",
  aliases: ["litellm-proxy", "lite-llm"],
  recognise: (facts) => facts.header("x-litellm-version") !== undefined || facts.header("x-litellm-call-id") !== undefined || facts.words.includes("litellm") || [...facts.types].some((type) => /^(?:key|team|user|org)_model_access_denied$/.test(type)) || facts.words.includes("no deployments available"),
  rules: [
    { type: "budget_exceeded", is: "QuotaExhausted" },
    { type: ["key_model_access_denied", "team_model_access_denied", "user_model_access_denied"], is: "PermissionDenied" },
    { type: "throttling_error", says: /no deployments available/, is: "Overloaded" },
    { says: /litellm\.contextwindowexceedederror/, is: "ContextLengthExceeded" },
    { says: /litellm\.contentpolicyviolationerror/, is: "ContentFiltered" },
    { says: /no deployments available|no healthy deployment/, is: "Overloaded" },
    { says: /exceeded ?budget|budget has been exceeded|exceededtokenbudget/, is: "QuotaExhausted" },
    { says: /not allowed to access model/, is: "PermissionDenied" },
    { says: /invalid model name|no 'model_name' with this string/, is: "ModelNotFound" },
    { says: /parallel request limit|crossed (?:tpm|rpm)/, is: "RateLimited" },
    { says: /invalid proxy server token/, is: "AuthenticationFailed" }
  ],
  vague: [
    { says: /litellm\.authenticationerror/, is: "AuthenticationFailed" },
    { says: /litellm\.notfounderror/, is: "ModelNotFound" },
    { says: /litellm\.serviceunavailableerror/, is: "Overloaded" },
    { says: /litellm\.(?:internalservererror|apiconnectionerror|badgatewayerror)/, is: "ServerError" },
    { type: "auth_error", is: "AuthenticationFailed" },
    { type: "throttling_error", is: "RateLimited" },
    { says: /litellm\.(?:badrequesterror|unprocessableentityerror|unsupportedparamserror)/, is: "InvalidRequest" }
  ]
}
