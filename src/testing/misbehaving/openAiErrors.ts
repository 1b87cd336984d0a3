import type { Particulars, Problem } from "./Problem.js"

/** The error object of OpenAI, which both of its dialects put into the same envelope. @internal */
export interface OpenAiError {
  readonly message: string
  readonly type: string
  readonly param: string | null
  readonly code: string | null
}

/** @internal */
export const openAiError = (
  problem: Problem,
  about: Particulars,
  promptParam: "messages" | "input"
): { readonly status: number; readonly error: OpenAiError } => {
  const { code, message, status, type } = described(problem, about)
  const param = about.param ?? (problem === "contextLengthExceeded" ? promptParam : null)
  return { status, error: { message: about.message ?? message, type, param, code } }
}

interface Described {
  readonly status: number
  readonly type: string
  readonly code: string | null
  readonly message: string
}

const invalid = "invalid_request_error"

const described = (problem: Problem, about: Particulars): Described => {
  switch (problem) {
    case "rateLimited":
      return {
        status: 429,
        type: "requests",
        code: "rate_limit_exceeded",
        message:
          "Rate limit reached for requests." +
          (about.retryAfterSeconds === undefined ? "" : ` Please try again in ${about.retryAfterSeconds}s.`)
      }
    case "overloaded":
      return {
        status: 503,
        type: "service_unavailable_error",
        code: "server_is_overloaded",
        message: "The server is currently overloaded. Please try again later."
      }
    case "serverError":
      return {
        status: 500,
        type: "server_error",
        code: null,
        message: "The server had an error while processing your request. Sorry about that!"
      }
    case "quotaExhausted":
      return {
        status: 429,
        type: "insufficient_quota",
        code: "insufficient_quota",
        message: "You exceeded your current quota, please check your plan and billing details."
      }
    case "contextLengthExceeded": {
      const limit = about.limit ?? 8192
      return {
        status: 400,
        type: invalid,
        code: "context_length_exceeded",
        message:
          `This model's maximum context length is ${limit} tokens. However, your messages resulted in ` +
          `${about.requested ?? limit + 1} tokens. Please reduce the length of the messages.`
      }
    }
    case "contentFiltered":
      return {
        status: 400,
        type: invalid,
        code: "content_policy_violation",
        message: "Your request was rejected as a result of our safety system."
      }
    case "invalidKey":
      return { status: 401, type: invalid, code: "invalid_api_key", message: "Incorrect API key provided." }
    case "permissionDenied":
      return {
        status: 403,
        type: "request_forbidden",
        code: "unsupported_country_region_territory",
        message: "Country, region, or territory not supported"
      }
    case "modelNotFound":
      return {
        status: 404,
        type: invalid,
        code: "model_not_found",
        message: `The model \`${about.model}\` does not exist or you do not have access to it.`
      }
    case "invalidRequest":
      return { status: 400, type: invalid, code: null, message: "We could not parse the JSON body of your request." }
    case "requestTooLarge":
      return { status: 413, type: invalid, code: null, message: "The request body is too large." }
  }
}
