import {
  after,
  auth,
  type Case,
  c,
  conflict,
  context,
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
  ...["Deployment 'chat' was not found.", "The endpoint does not exist", "Inference component ic-1 not found", "App acme-llm not found", "Unknown deployment: gpt", "Could not find endpoint chat-1", "Function '6f7a8b9c-1111-2222-3333-444455556666': Not found for account 'x'", "The deployment has been deleted", "Endpoint is paused", "This app is stopped", "Your space is paused, ask its author", "The model was manually paused", "Endpoint has no deployed model"].map(
    (message) => c(`a missing deployment: ${message}`, 400, bad(message), model)
  ),
  ...["Function id 'x': DEGRADED function cannot be invoked", "Deployment is scaled to zero", "The endpoint is scaling up from 0 replicas", "The endpoint is not ready", "Replica unhealthy", "The deployment is still initializing", "No healthy instances for this app", "Inference component has no capacity", "Cold start in progress", "App is starting"].map(
    (message) => c(`a sick deployment: ${message}`, 400, bad(message), overloaded)
  ),
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
  ...["Conversation roles must alternate user/assistant/user/assistant/...", "Only user, assistant and tool roles are supported", "System role not supported", "failed to parse grammar", "tools param requires --jinja flag", "image input is not supported - hint: you may need to provide the mmproj", "Failed to load image or audio file", "Error rendering prompt with template", "No user query found in messages.", "Assistant response prefill is incompatible with enable_thinking"].map((message) =>
    c(`C18: ${message}`, 500, { error: { code: 500, message, type: "server_error" } }, invalid)
  ),
  c("C18: a batch", 500, { error: { code: 500, message: "input is too large to process. increase the physical batch size", type: "server_error" } }, context)
]

/** Words that were not known. */
// biome-ignore format: a table
export const wordings: ReadonlyArray<Case> = [
  ...["tokens in request more than max tokens allowed", "Number of tokens in the prompt exceeds the allowed number", "Your prompt contains more than the maximum tokens allowed", "The conversation does not fit into the context", "\u8f93\u5165\u8fc7\u957f"].map((message) =>
    c(`context: ${message}`, 400, bad(message), context)
  ),
  c("plain text: quota exceeded", 429, "quota exceeded", quota),
  c("plain text: quota exceeded, with a hint", 429, "Quota exceeded", after(rate, 20_000), { "retry-after": "20" }),
  c("a front's token quota", 403, { statusCode: 403, message: "Token quota is exceeded." }, quota),
  c("a front's token quota that comes back soon", 403, { statusCode: 403, message: "Token quota is exceeded. Try again in 5 minutes." }, after(rate, 300_000)),
  c("a front's quota with a clock", 403, { statusCode: 403, message: "Out of call volume quota. Quota will be replenished in 14:23:01." }, after(quota, 51_781_000)),
  ...["Your plan does not include access to this model", "This model requires a Pro subscription", "The feature is not enabled for your account", "You are not authorized to use model acme-1", "You don't have access to the model acme-1", "Upgrade your plan to use this model", "Long context is only available on the Enterprise tier", "acme-1 model is not available on your current plan"].map((message) =>
    c(`entitlement: ${message}`, 403, bad(message), model)
  ),
  c("C19: a hint beats arithmetic", 429, says("Rate limit reached: Limit 7000, Requested 7895. Please try again in 1m0.36s."), after(rate, 60_360)),
  c("C19: arithmetic without a hint", 429, says("Rate limit reached: Limit 7000, Requested 7895."), large),
  c("C19: in other words", 429, says("Limit is 7000 tokens; requested 7895"), large),
  c("C17: billing words for a limit per minute", 429, named("insufficient_quota", "TPM limit reached"), rate)
]
