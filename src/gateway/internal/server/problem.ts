/**
 * What the gateway answers itself when there is no answer of a model, in the dialect of whoever asked.
 *
 * No word of a provider's is in it, and nothing of what is behind the gateway.
 *
 * @internal
 */
import type { Family } from "../../../http/internal/apis.js"

/** @internal */
export interface Problem {
  readonly status: number
  readonly message: string
  /** A word for programs; the dialect's own word for the status where there is none. */
  readonly code?: string | undefined
  /** In whole seconds. */
  readonly retryAfter?: number | undefined
  /** The methods that its path is for. */
  readonly allow?: string | undefined
}

/** @internal */
export const noSuchKey: Problem = { status: 401, message: "There is no such key here", code: "invalid_api_key" }

/** @internal */
export const onlyFor = (allow: string): Problem => ({ status: 405, message: `Only ${allow} is for this path`, allow })

/** @internal */
export const bodyOf = (family: Family, problem: Problem, requestId: string): unknown =>
  family === "anthropic"
    ? { type: "error", error: { type: anthropicType(problem.status), message: problem.message }, request_id: requestId }
    : { error: openAiError(problem) }

const openAiError = ({ code, message, status }: Problem) => ({
  message,
  type: openAiType(status),
  param: null,
  code: code ?? null
})

/** The event with which a stream that has begun says that it has failed. @internal */
export const eventOf = (family: Family, path: string, problem: Problem, requestId: string): string => {
  const data = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`
  if (family === "anthropic") return `event: error\n${data(bodyOf(family, problem, requestId))}`
  if (path !== "/responses") return data(bodyOf(family, problem, requestId))
  const { code, message } = problem
  return `event: error\n${data({ type: "error", code: code ?? openAiType(problem.status), message, param: null })}`
}

const openAiType = (status: number): string => {
  switch (status) {
    case 401:
      return "authentication_error"
    case 403:
      return "permission_error"
    case 404:
      return "not_found_error"
    case 429:
      return "rate_limit_error"
    default:
      return status < 500 ? "invalid_request_error" : "server_error"
  }
}

const anthropicType = (status: number): string => {
  switch (status) {
    case 401:
      return "authentication_error"
    case 403:
      return "permission_error"
    case 404:
      return "not_found_error"
    case 413:
      return "request_too_large"
    case 429:
      return "rate_limit_error"
    case 503:
      return "overloaded_error"
    case 504:
      return "timeout_error"
    default:
      return status < 500 ? "invalid_request_error" : "api_error"
  }
}
