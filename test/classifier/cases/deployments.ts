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
  model,
  overloaded,
  quota,
  rate,
  server,
  timedOut
} from "./Case.js"

const says = (message: string) => ({ message })
const named = (code: string, message = "No words.") => ({ error: { code, message } })
const bad = (message: string) => ({ error: { message, type: "invalid_request_error", code: null } })

/** What serves a model, under other names than "model". */
// biome-ignore format: a table
export const deployments: ReadonlyArray<Case> = [
  ...["Deployment 'chat' was not found.", "The endpoint does not exist", "Inference component ic-1 not found", "App acme-llm not found", "Unknown deployment: gpt", "Could not find endpoint chat-1", "Function '6f7a8b9c-1111-2222-3333-444455556666': Not found for account 'x'", "The deployment has been deleted", "Endpoint is paused", "This app is stopped", "Your space is paused, ask its author", "The model was manually paused", "Endpoint has no deployed model", "Inference Endpoint is not in a ready state, current state: paused", "This deployment is disabled", "Service is not deployed"].map(
    (message) => c(`a missing deployment: ${message}`, 400, bad(message), model)
  ),
  ...["Function id 'x': DEGRADED function cannot be invoked", "Deployment is scaled to zero", "The endpoint is scaling up from 0 replicas", "The endpoint is not ready", "Replica unhealthy", "The deployment is still initializing", "No healthy instances for this app", "Inference component has no capacity", "Cold start in progress", "App is starting", "Model version is not in READY state", "endpoint is in state FAILED", "Endpoint acme is being updated", "Model loading, please wait", "instance is hibernating", "The model has been unloaded"].map(
    (message) => c(`a sick deployment: ${message}`, 400, bad(message), overloaded)
  ),
  c("a missing function under a 404", 404, bad("Function not found"), model),
  ...["Tool function get_weather not found in tools", "No tool output found for function call call_1", "unknown function: get_weather"].map((message) => c(`a function that is none: ${message}`, 400, bad(message), invalid)),
  c("name: deployment", 404, named("deployment_not_found"), model),
  c("name: not ready", 400, named("endpoint_not_ready"), overloaded),
  c("name: entitlement", 403, named("model_access_denied"), model),
  c("name: closed", 499, named("client_closed_request"), server)
]

/** Statuses that no standard has, or that say little of the request: with and without a body. */
// biome-ignore format: a table
export const statuses: ReadonlyArray<Case> = [
  ...([[421, server], [423, conflict], [425, conflict], [444, server], [449, conflict], [460, server], [499, server], [498, overloaded], [420, rate], [419, auth], [440, auth], [494, large], [410, model], [598, timedOut], [509, quota], [405, invalid], [416, invalid], [477, invalid]] as const).flatMap(([status, is]) => [
    c(`status ${status} without a body`, status, "", is),
    c(`status ${status} with one`, status, { error: { message: "?", type: "bad_request" } }, is)
  ]),
  c("status 434", 434, "", ["PermissionDenied", "stop", undefined, "stay"]),
  c("status 505", 505, "", ["ServerError", "stop", undefined, "fallback"]),
  c("a token under 498", 498, says("Invalid token"), auth)
]

/** C18: what a local server says with a 500 of a request that it cannot take. */
// biome-ignore format: a table
export const ownFaults: ReadonlyArray<Case> = [
  ...["Conversation roles must alternate user/assistant/user/assistant/...", "Only user, assistant and tool roles are supported", "System role not supported", "failed to parse grammar", "tools param requires --jinja flag", "image input is not supported - hint: you may need to provide the mmproj", "Failed to load image or audio file", "Error rendering prompt with template", "No user query found in messages.", "System message must be at the beginning", "Unable to generate parser for this template", "This model does not support tool calls", "prompt is empty", "Unsupported image format", "value is not iterable", "template: :1: unexpected EOF", "Assistant response prefill is incompatible with enable_thinking"].map((message) =>
    c(`C18: ${message}`, 500, { error: { code: 500, message, type: "server_error" } }, invalid)
  ),
  c("C18: what the model said cannot be read, which is not the request's fault", 500, { error: { code: 500, message: "Failed to parse input at pos 0", type: "server_error" } }, server),
  c("C18: a large input", 500, { error: { code: 500, message: "input is too large to process", type: "server_error" } }, context),
  c("C18: a batch", 500, { error: { code: 500, message: "input is too large to process. increase the physical batch size", type: "server_error" } }, context)
]

/** Words that were not known. */
// biome-ignore format: a table
export const wordings: ReadonlyArray<Case> = [
  ...["tokens in request more than max tokens allowed", "Number of tokens in the prompt exceeds the allowed number", "Your prompt contains more than the maximum tokens allowed", "The conversation does not fit into the context", "This model can handle at most 4096 tokens", "Total number of tokens exceeds limit 32768", "Request contains 9000 tokens, the limit is 8192", "input_tokens must be less than 4096", "Token limit exceeded: 9000 > 8192", "max_tokens must be at least 1, got -120", "Context overflow", "The text is too long", "\u8f93\u5165\u8fc7\u957f"].map((message) =>
    c(`context: ${message}`, 400, bad(message), context)
  ),
  ...["max_tokens is too large: 99999", "max_tokens must be less than or equal to 8192"].map((message) => c(`no context: ${message}`, 400, bad(message), invalid)),
  c("a front's limit of tokens", 403, says("The token limit for this key has been reached"), quota),
  c("a quota that has run out", 429, "Your quota has run out", quota),
  c("a quota that is reached", 429, says("You've reached your quota"), quota),
  c("plain text: quota exceeded", 429, "quota exceeded", quota),
  c("plain text: quota exceeded, with a hint", 429, "Quota exceeded", after(rate, 20_000), { "retry-after": "20" }),
  c("a front's token quota", 403, { statusCode: 403, message: "Token quota is exceeded." }, quota),
  c("a front's token quota that comes back soon", 403, { statusCode: 403, message: "Token quota is exceeded. Try again in 5 minutes." }, after(rate, 300_000)),
  c("a front's quota with a clock", 403, { statusCode: 403, message: "Out of call volume quota. Quota will be replenished in 14:23:01." }, after(quota, 51_781_000)),
  ...["Your plan does not include access to this model", "This model requires a Pro subscription", "The feature is not enabled for your account", "You are not authorized to use model acme-1", "You don't have access to the model acme-1", "Upgrade your plan to use this model", "Long context is only available on the Enterprise tier", "acme-1 model is not available on your current plan", "Your subscription does not cover acme-1", "Access to model denied: upgrade to Pro", "1M context is not enabled for your organization", "Web search is not available on your plan", "Your account is not allowlisted for this model", "You need to accept the terms for model x", "Project `p` does not have access to model `m`"].map((message) =>
    c(`entitlement: ${message}`, 403, bad(message), model)
  ),
  c("C19: a hint beats arithmetic", 429, says("Rate limit reached: Limit 7000, Requested 7895. Please try again in 1m0.36s."), after(rate, 60_360)),
  c("C19: arithmetic without a hint", 429, says("Rate limit reached: Limit 7000, Requested 7895."), large),
  c("C19: in other words", 429, says("Limit is 7000 tokens; requested 7895"), large),
  c("C17: billing words for a limit per minute", 429, named("insufficient_quota", "TPM limit reached"), rate)
]

/** What providers say of themselves where nobody said whose response it is. */
// biome-ignore format: a table
export const unnamed: ReadonlyArray<Case> = [
  c("LM Studio: n_keep", 400, { error: "The number of tokens to keep from the initial prompt is greater than the context length (n_keep: 9000>= n_ctx: 4096)." }, context),
  c("LiteLLM: a model that the key may not use, by type", 401, { error: { message: "No.", type: "key_model_access_denied", param: "model", code: "401" } }, denied),
  c("LiteLLM: no such group", 400, { error: { message: "litellm.BadRequestError: You passed in model=x. There is no 'model_name' with this string", code: "400" } }, model),
  c("OpenRouter: nobody serves it", 404, { error: { message: "No endpoints found for acme/m:free.", code: 404 } }, model),
  c("Moonshot: a plan's limit", 403, { error: { message: "You've reached your usage limit for this billing cycle.", type: "access_terminated_error" } }, quota),
  c("Volcengine: context", 400, { error: { code: "InvalidParameter", message: "Total tokens of image and text exceed max message tokens.", type: "BadRequest" } }, context),
  c("Qianfan: model", 401, { error: { code: "invalid_model", message: "No permission to use the model", type: "invalid_request_error" } }, model),
  c("Qianfan: filter", 400, { error: { code: "system_unsafe", message: "the content of system field is invalid", type: "invalid_request_error" } }, filtered),
  c("Qianfan: known by its ids", 429, { error: { code: "server_overloaded", message: "No words." }, id: "as-8f1c2b3d4e" }, overloaded),
  c("Fireworks: no first token in time", 429, { error: { message: "Request didn't generate first token before the given deadline", object: "error", type: "server_error" } }, overloaded),
  c("Cloudflare's gateway: a guarded prompt", 424, { success: false, error: [{ code: 2016, message: "Prompt blocked due to security configurations" }] }, filtered),
  c("Cloudflare's gateway: a guarded answer", 424, { success: false, error: [{ code: 2017, message: "Response blocked due to security configurations" }] }, filtered),
  ...["no_access", "unavailable_model", "unknown_model"].map((code) => c(`GitHub Models: ${code}`, 403, named(code), model)),
  c("SageMaker: what the container refuses is read", 424, { ErrorCode: "CLIENT_ERROR_FROM_MODEL", OriginalStatusCode: 400, Message: 'Received client error (400) from primary with message "{\\"error\\":\\"Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000\\"}"' }, context),
  c("SageMaker: no answer, by words", 424, { Message: 'Received server error (0) from primary with message "Your invocation timed out while waiting for a response"' }, timedOut),
  c("Vertex: no traffic", 400, { error: { code: 400, message: "Endpoint projects/1/locations/x/endpoints/2 doesn't have traffic_split.", status: "FAILED_PRECONDITION" } }, model),
  c("Cohere: context", 400, { id: "x", message: "too many tokens: size limit exceeded by 11326 tokens. Try using shorter or fewer inputs" }, context),
  c("Novita: balance, by reason", 403, { code: 403, reason: "NOT_ENOUGH_BALANCE", message: "No words.", metadata: {} }, quota),
  c("balance, by words", 403, says("not enough balance"), quota),
  c("Cloudflare: capacity, where no status says more", 500, { errors: [{ message: "Capacity temporarily exceeded" }], success: false }, overloaded),
  c("Chutes: capacity", 429, { detail: "Infrastructure is at maximum capacity, try again later" }, overloaded),
  c("Anthropic: a revoked token", 403, { type: "error", error: { type: "permission_error", message: "OAuth token has been revoked. Please obtain a new token." } }, auth)
]
