/**
 * Errors of a transport in a file: what the clients and the classifier read of them.
 */
import * as HttpClientError from "@effect/platform/HttpClientError"
import type { Thrown } from "./format.js"

/** @internal */
export const thrownOf = (error: unknown, depth = 0): Thrown => {
  // An `HttpClient` fails with what the one below it failed with inside.
  if (HttpClientError.isHttpClientError(error) && error.cause !== undefined) return thrownOf(error.cause, depth)
  if (!(error instanceof Error) && !isDomException(error)) return { name: "Error", message: String(error) }
  const { code } = error as { readonly code?: unknown }
  const { cause } = error as { readonly cause?: unknown }
  return {
    name: error.name,
    message: error.message,
    ...(typeof code === "string" && { code }),
    ...(cause !== undefined && depth < 4 && { cause: thrownOf(cause, depth + 1) })
  }
}

const isDomException = (error: unknown): error is DOMException => error instanceof DOMException

/** @internal */
export const errorOf = ({ cause, code, message, name }: Thrown): unknown => {
  if (name === "AbortError" || name === "TimeoutError") return new DOMException(message, name)
  const options = cause === undefined ? undefined : { cause: errorOf(cause) }
  const error = name === "TypeError" ? new TypeError(message, options) : new Error(message, options)
  if (error.name !== name) Object.defineProperty(error, "name", { value: name, configurable: true })
  if (code !== undefined) Object.defineProperty(error, "code", { value: code, configurable: true, enumerable: true })
  return error
}
