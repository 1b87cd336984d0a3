import {
  after,
  auth,
  type Case,
  c,
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

const openAi = (message: string, type: string | null = null, code: string | number | null = null) => ({
  error: { message, type, code }
})
const problem = (status: number, title: string, detail: string) => ({ status, title, detail })

// biome-ignore format: a table
export const fireworks: ReadonlyArray<Case> = [
  c("scaling from zero", 503, openAi("Deployment is scaling up from zero. Please retry.", "error", "DEPLOYMENT_SCALING_UP"), overloaded),
  c("spending limit", 412, openAi("Account acme is suspended, possibly due to reaching the monthly spending limit or failure to pay past invoices.", "error", "PRECONDITION_FAILED"), quota),
  c("spending limit, by words", 412, { error: "Account acme is suspended, possibly due to billing. See fireworks.ai" }, quota),
  c("model", 404, openAi("Not here.", "error", "NOT_FOUND"), model),
  c("model, by words", 404, { error: "Model not found, inaccessible, and/or not deployed" }, model),
  c("window", 400, openAi("The prompt is too long: 40000, model maximum context length: 32768", "invalid_request_error"), context),
  c("scaled to zero", 503, { error: "The deployment was scaled to zero, fireworks" }, overloaded),
  c("rate without a body", 425, "", rate)
]

// biome-ignore format: a table
export const sambanova: ReadonlyArray<Case> = [
  c("window", 400, openAi("Requested generation length 1 is not possible! The provided prompt is 20000 tokens long, but the maximum supported sequence length is just 16384!"), context),
  c("queue", 429, openAi("SambaNova: the queue is full"), overloaded),
  c("rate", 429, openAi("Rate limit exceeded"), rate),
  c("model", 404, openAi("Model not found"), model),
  c("free tier", 402, openAi("Your free tier has been exhausted. SambaNova"), quota)
]

// biome-ignore format: a table
export const nvidia: ReadonlyArray<Case> = [
  c("a degraded function", 400, problem(400, "Bad Request", "Function id '6f7a8b9c-1111-2222-3333-444455556666': DEGRADED function cannot be invoked"), overloaded),
  c("workers", 503, problem(503, "ResourceExhausted", "Worker local total request limit reached (48/48)"), overloaded),
  c("credits", 402, { detail: "Account 'x': Cloud credits expired - Please contact NVIDIA representatives" }, quota),
  c("a missing function", 404, problem(404, "Not Found", "Function '6f7a8b9c-1111-2222-3333-444455556666': Not found for account 'x'"), model),
  c("inference", 500, problem(500, "Internal Server Error", "Inference error"), server),
  c("key", 403, problem(403, "Forbidden", "Authorization failed"), auth),
  c("credits without words", 402, "", quota),
  c("rate", 429, { status: 429, title: "Too Many Requests" }, rate)
]

const cloudflare = (code: number, message: string) => ({
  errors: [{ code, message }],
  success: false,
  result: {},
  messages: []
})

// biome-ignore format: a table
export const workersai: ReadonlyArray<Case> = [
  c("capacity", 429, cloudflare(3040, "AiError: Capacity temporarily exceeded, please try again."), overloaded),
  c("the day's allocation", 429, cloudflare(3036, "AiError: you have used up your daily free allocation of 10,000 neurons"), quota),
  c("timeout", 408, cloudflare(3007, "AiError: Request timeout"), timedOut),
  c("model", 400, cloudflare(5007, "AiError: No such model @cf/acme or task"), model),
  c("account", 403, cloudflare(3041, "AiError: Account limited"), denied),
  c("private model", 403, cloudflare(3041, "AiError: The account is not allowed to access this model"), model),
  c("terms of a model", 403, cloudflare(5016, "AiError: No words."), model),
  c("old client", 405, cloudflare(5019, "AiError: No words."), invalid),
  c("size", 413, cloudflare(3006, "AiError: request is too large"), large),
  c("window", 400, cloudflare(5021, "AiError: The estimated number of input and maximum output tokens exceeded this model context window limit"), context),
  c("prompt", 424, cloudflare(2016, "AiError: Prompt blocked due to security configurations"), filtered),
  c("answer", 424, cloudflare(2017, "AiError: Response blocked due to security configurations"), filtered),
  c("key", 401, cloudflare(10000, "Authentication error"), auth),
  c("rate", 429, cloudflare(2003, "AiError: Rate limited"), rate),
  c("input", 400, cloudflare(5006, "AiError: required properties at '/' are 'prompt'"), invalid)
]

// biome-ignore format: a table
export const vercel: ReadonlyArray<Case> = [
  c("funds", 402, openAi("No words.", "insufficient_funds"), quota),
  c("verification", 403, openAi("AI Gateway requires a valid credit card on file", "customer_verification_required"), denied),
  c("free tier", 429, openAi("Free tier requests are limited due to abuse", "rate_limit_exceeded"), rate),
  c("providers", 400, openAi("No words.", "no_providers_available"), model),
  c("key", 401, openAi("No words.", "authentication_error"), auth),
  c("funds, by words", 402, { error: { message: "Insufficient funds. Please top up your credits on Vercel." } }, quota),
  c("card, by words", 403, { error: { message: "Vercel: please add a credit card" } }, denied),
  c("server", 500, openAi("No words.", "internal_server_error"), server)
]

// biome-ignore format: a table
export const copilot: ReadonlyArray<Case> = [
  c("week", 429, openAi("You have hit your weekly rate limit. Please try again in 58 hours.", null, "user_weekly_rate_limited"), after(quota, 208_800_000)),
  c("quota", 402, openAi("No words.", null, "quota_exceeded"), quota),
  c("global", 429, openAi("Please wait 2 minutes", null, "user_global_rate_limited:pro"), after(rate, 120_000)),
  c("model", 400, openAi("The requested model is not supported.", null, "model_not_supported"), model),
  c("plain text", 429, "quota exceeded\n", quota),
  c("token", 401, "unauthorized: token expired", auth),
  c("licence", 403, "You are not licensed to use Copilot", denied),
  c("wait", 429, "Sorry, you have exceeded your rate limit for Copilot. Please wait a moment", rate)
]

// biome-ignore format: a table
export const perplexity: ReadonlyArray<Case> = [
  c("rate", 429, openAi("Request rate limit exceeded, please try again later.", "request_rate_limit_exceeded", 429), rate),
  c("model", 400, openAi("Invalid model 'x'. Permitted models can be found in the documentation", "invalid_model", 400), model),
  c("message", 400, openAi("Last message must have role `user`.", "invalid_message", 400), invalid),
  c("key", 401, "<html><head><title>401 Authorization Required</title></head></html>", auth),
  c("credits", 401, openAi("You exceeded your current quota, please check your plan and billing details.", "insufficient_quota", 401), quota)
]

// biome-ignore format: a table
export const huggingface: ReadonlyArray<Case> = [
  c("credits", 402, { error: "You have exceeded your monthly included credits for Inference Providers." }, quota),
  c("model", 400, openAi("The requested model 'x' is not supported by any provider you have enabled."), model),
  c("paused", 400, { error: "Endpoint is paused, ask a maintainer to restart it" }, model),
  c("scaled to zero", 503, { error: "Endpoint is scaled to zero" }, overloaded),
  c("key", 401, { error: "Invalid username or password." }, auth),
  c("permission", 403, { error: "This authentication method does not have sufficient permissions to call Inference Providers" }, denied),
  c("a gated model", 403, { error: "You are trying to access a gated repo." }, model)
]

const modelError = (OriginalStatusCode: number, message: string) => ({ ErrorCode: "x", OriginalStatusCode, message })

// biome-ignore format: a table
export const sagemaker: ReadonlyArray<Case> = [
  c("no capacity", 400, { message: "Inference Component has no capacity to process this request. ApplicationAutoScaling may be in-progress" }, overloaded, { "x-amzn-errortype": "ValidationError" }),
  c("endpoint", 400, { message: "Endpoint acme of account 123456789012 not found." }, model, { "x-amzn-errortype": "ValidationError" }),
  c("the container refuses", 424, modelError(400, "Received client error (400) from primary with message \"bad\"."), invalid, { "x-amzn-errortype": "ModelError" }),
  c("no answer", 424, modelError(0, "Received server error (0) from primary with message \"Your invocation timed out while waiting for a response\"."), timedOut, { "x-amzn-errortype": "ModelError" }),
  c("the container fails", 424, modelError(500, "Received server error (500) from primary with message \"?\"."), server, { "x-amzn-errortype": "ModelError" }),
  c("dependency", 530, { message: "?" }, server, { "x-amzn-errortype": "InternalDependencyException" }),
  c("no words", 424, "", server, { "x-amzn-errortype": "ModelError" }),
  c("validation", 400, { message: "SageMaker: 1 validation error" }, invalid, { "x-amzn-errortype": "ValidationError" })
]

const google = (code: number, status: string, message: string) => ({ error: { code, status, message } })

// biome-ignore format: a table
export const vertexEndpoints: ReadonlyArray<Case> = [
  c("endpoint", 404, google(404, "NOT_FOUND", "Endpoint `projects/1/locations/x/endpoints/2` not found."), model),
  c("nothing deployed", 400, google(400, "FAILED_PRECONDITION", "The Endpoint has no deployed models, projects/1/endpoints/2"), model),
  c("another address", 400, google(400, "FAILED_PRECONDITION", "This endpoint is a dedicated endpoint, use its DNS, not aiplatform.googleapis.com"), invalid),
  c("slow", 503, { error: { message: "Took too long to respond when processing endpoint_id: 2, /endpoints/2" } }, timedOut),
  c("no replica", 429, { error: { message: "Model server connection error at /endpoints/2" } }, overloaded),
  c("per minute", 429, { error: { message: "Quota exceeded for aiplatform.googleapis.com/online_prediction_requests_per_base_model" } }, rate)
]
