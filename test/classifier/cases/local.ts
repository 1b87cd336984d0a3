import {
  after,
  auth,
  broken,
  type Case,
  c,
  context,
  invalid,
  model,
  overloaded,
  quota,
  rate,
  server,
  timedOut
} from "./Case.js"

const llama = (code: number, message: string, type: string, more: object = {}) => ({
  error: { code, message, type, ...more }
})

export const ollama: ReadonlyArray<Case> = [
  c("model", 404, { error: "model 'llama9' not found, try pulling it first" }, model),
  c("memory", 500, { error: "model requires more system memory (24.1 GiB) than is available (7.6 GiB)" }, broken),
  c("busy", 503, { error: "server busy, please try again. maximum pending requests exceeded" }, overloaded),
  c(
    "session",
    429,
    {
      error:
        "you (somebody) have reached your session usage limit, upgrade for higher limits: https://ollama.com/upgrade"
    },
    quota
  ),
  c(
    "hour",
    429,
    { error: "you've reached your hourly usage limit, please wait or upgrade to continue: https://ollama.com/upgrade" },
    rate
  ),
  c(
    "subscription",
    403,
    { error: "this model requires a subscription, upgrade for access: https://ollama.com/upgrade" },
    model
  ),
  c("tools", 400, { error: "registry.ollama.ai/library/x does not support tools" }, invalid),
  c("embedding too long", 400, { error: "the input length exceeds the context length" }, context),
  c("runner slow", 500, { error: "timed out waiting for llama runner to start" }, timedOut),
  c("runner dead", 500, { error: "llama runner process has terminated: exit status 2" }, server)
]

export const llamacpp: ReadonlyArray<Case> = [
  c(
    "context",
    400,
    llama(400, "the request exceeds the available context size, try increasing it", "exceed_context_size_error", {
      n_prompt_tokens: 14429,
      n_ctx: 8192
    }),
    context
  ),
  c("context as a 500, words only", 500, llama(500, "Context size has been exceeded.", "server_error"), context, {
    server: "llama.cpp"
  }),
  c("loading", 503, llama(503, "Loading model", "unavailable_error"), overloaded),
  c("loading, words only", 503, { error: "Loading model" }, overloaded),
  c(
    "batch size",
    500,
    llama(
      500,
      "input (4096 tokens) is too large to process. increase the physical batch size (current batch size: 512)",
      "server_error"
    ),
    context
  ),
  c(
    "chat template as a 500",
    500,
    llama(500, "Value is not callable: null at row 1, column 12 (Jinja)", "server_error"),
    invalid
  ),
  c(
    "chat template as a 400",
    400,
    llama(400, "Conversation roles must alternate, says the chat template", "invalid_request_error"),
    invalid,
    { server: "llama.cpp" }
  ),
  c("not supported", 501, llama(501, "This server does not support embeddings.", "not_supported_error"), invalid),
  c("key", 401, llama(401, "Invalid API Key", "authentication_error"), auth, { server: "llama.cpp" })
]

export const vllm: ReadonlyArray<Case> = [
  c(
    "context, flat",
    400,
    {
      object: "error",
      message: "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens.",
      type: "BadRequestError",
      param: null,
      code: 400
    },
    context
  ),
  c(
    "context, nested",
    400,
    {
      error: {
        message: "The decoder prompt (length 10000) is longer than the maximum model length of 4096.",
        type: "BadRequestError",
        param: null,
        code: 400
      }
    },
    context
  ),
  c(
    "negative max_tokens",
    400,
    { object: "error", message: "max_tokens must be at least 1, got -1043.", type: "BadRequestError", code: 400 },
    context
  ),
  c(
    "engine dead",
    500,
    {
      error: {
        message: "EngineCore encountered an issue. See stack trace for the root cause.",
        type: "InternalServerError",
        code: 500
      }
    },
    broken
  ),
  c(
    "model",
    404,
    { object: "error", message: "The model `x` does not exist.", type: "NotFoundError", param: null, code: 404 },
    model
  ),
  c(
    "request",
    400,
    { object: "error", message: "top_p must be in (0, 1].", type: "BadRequestError", code: 400 },
    invalid
  ),
  c("server", 500, { object: "error", message: "", type: "InternalServerError", code: 500 }, server)
]

export const tgi: ReadonlyArray<Case> = [
  c(
    "context as 422",
    422,
    {
      error:
        "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 2048. Given: 2000 `inputs` tokens and 100 `max_new_tokens`",
      error_type: "validation"
    },
    context
  ),
  c(
    "validation",
    422,
    { error: "Input validation error: `temperature` must be strictly positive", error_type: "validation" },
    invalid
  ),
  c("overloaded as 429", 429, { error: "Model is overloaded", error_type: "overloaded" }, overloaded),
  c(
    "generation as 424",
    424,
    { error: "Request failed during generation: Server error", error_type: "generation" },
    server
  ),
  c(
    "loading, with its estimate",
    503,
    { error: "Model x is currently loading", estimated_time: 20.5 },
    after(overloaded, 20_500)
  ),
  c("too busy", 503, { error: "Model too busy, unable to get response in less than 60 second(s)" }, overloaded),
  c("credits", 402, { error: "You have exceeded your monthly included credits for Inference Providers." }, quota)
]

export const lmstudio: ReadonlyArray<Case> = [
  c(
    "context",
    400,
    {
      error:
        "Trying to keep the first 9029 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens, which is not enough."
    },
    context
  ),
  c(
    "nothing loaded",
    404,
    {
      error: {
        message: "No models loaded. Please load a model in the developer page.",
        type: "invalid_request_error",
        param: "model",
        code: null
      }
    },
    model
  ),
  c(
    "resources",
    400,
    { error: "Model loading was stopped due to insufficient system resources. Continuing would overload your system." },
    broken
  ),
  c(
    "crashed",
    400,
    { error: "The model has crashed without additional information. (Exit code: 18446744072635812000)" },
    server
  ),
  c(
    "path in a 200",
    200,
    { error: "Unexpected endpoint or method. (POST /v1/chat). Returning 200 anyway. LM Studio" },
    invalid
  )
]
