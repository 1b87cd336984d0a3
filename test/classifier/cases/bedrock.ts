import {
  auth,
  type Case,
  c,
  conflict,
  context,
  denied,
  type Expected,
  filtered,
  invalid,
  model,
  overloaded,
  quota,
  rate,
  server,
  timedOut
} from "./Case.js"

const named = (title: string, status: number, type: string, message: string, expected: Expected) =>
  c(title, status, { message }, expected, {
    "x-amzn-errortype": `${type}:http://internal.amazon.com/coral/com.amazon.bedrock/`,
    "x-amzn-requestid": "ca47a5ce-e260-4824-aa0e-2e62669d5d6e"
  })

export const bedrock: ReadonlyArray<Case> = [
  named("throttled by tokens", 429, "ThrottlingException", "Too many tokens, please wait before trying again.", rate),
  named(
    "throttled by the day",
    429,
    "ThrottlingException",
    "Too many tokens per day, please wait before trying again.",
    quota
  ),
  named(
    "service quota, to be retried",
    400,
    "ServiceQuotaExceededException",
    "Your request exceeds the service quota for your account.",
    rate
  ),
  named(
    "no access",
    403,
    "AccessDeniedException",
    "You don't have access to the model with the specified model ID.",
    denied
  ),
  named(
    "expired token under another name",
    403,
    "AccessDeniedException",
    "The security token included in the request is expired",
    auth
  ),
  named("expired token", 403, "ExpiredTokenException", "The security token included in the request is expired", auth),
  named(
    "unknown key",
    403,
    "UnrecognizedClientException",
    "The security token included in the request is invalid.",
    auth
  ),
  named("gone", 404, "ResourceNotFoundException", "This model version has reached the end of its life.", model),
  named(
    "form not sent",
    404,
    "ResourceNotFoundException",
    "Model use case details have not been submitted for this account.",
    denied
  ),
  named("model timeout", 408, "ModelTimeoutException", "The model took too long.", timedOut),
  named("model error", 424, "ModelErrorException", "The model could not process the request.", server),
  named("internal", 500, "InternalServerException", "The server encountered an internal error.", server),
  named("not ready", 429, "ModelNotReadyException", "The model is not ready.", overloaded),
  named("unavailable", 503, "ServiceUnavailableException", "Too many connections.", overloaded),
  named("conflict", 409, "ConflictException", "Something is going on.", conflict),
  named("unknown operation", 404, "UnknownOperationException", "", invalid),
  named("input too long", 400, "ValidationException", "Input is too long for requested model.", context),
  named(
    "input too long, by schema",
    400,
    "ValidationException",
    "Malformed input request: expected maxLength: 20000, actual: 54321, please reformat your input and try again.",
    context
  ),
  named("wrong id", 400, "ValidationException", "The provided model identifier is invalid.", model),
  named(
    "on demand",
    400,
    "ValidationException",
    "Invocation of model ID x with on-demand throughput isn\u2019t supported. Retry your request with the ID or ARN of an inference profile that contains this model.",
    model
  ),
  named(
    "max_tokens",
    400,
    "ValidationException",
    "The maximum tokens you requested exceeds the model limit of 4096. Try again with a maximum tokens value that is lower.",
    invalid
  ),
  named("not allowed", 400, "ValidationException", "Operation not allowed", denied),
  named("validation", 400, "ValidationException", "1 validation error detected.", invalid),
  c(
    "name in the body",
    400,
    { __type: "com.amazon.coral.service#ThrottlingException", message: "Rate exceeded" },
    rate
  ),
  c("no name at all", 429, { message: "Too many requests, please wait before trying again." }, rate, {
    "x-amzn-requestid": "a-b-c"
  }),
  c(
    "signature",
    403,
    { message: "The request signature we calculated does not match the signature you provided." },
    auth,
    { "x-amzn-requestid": "a-b-c" }
  ),
  c(
    "guardrail in a 200",
    200,
    { output: { message: { role: "assistant", content: [] } }, stopReason: "guardrail_intervened", usage: {} },
    filtered,
    { "x-amzn-requestid": "a-b-c" }
  ),
  c("filter in words", 400, { message: "The generated text was blocked by our content filter." }, filtered, {
    "x-amzn-requestid": "a-b-c"
  })
]
