/**
 * `Chaos` for an `HttpClient`: what is injected is what a provider or a network would have done.
 *
 * @since 0.1.0
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import type { LlmError } from "../LlmError.js"
import { Chaos } from "./Chaos.js"
import type { Plan } from "./chaos/draw.js"
import { readable, remade } from "./recording/remade.js"

/**
 * The same client, whose requests may be disturbed as calls to `target`, by the `Chaos` around them.
 *
 * A failure is a response with its status, or with the status that such a failure comes with, its hint as `Retry-After`, and
 * a body in the words of OpenAI; what has no status, such as a `ConnectionFailed`, is a `RequestError`. The header
 * `x-effect-resilience-chaos` marks a response that was made up. A cut breaks the body after so many pieces.
 *
 * @example
 * ```ts
 * import { OpenAiClient } from "@effect/ai-openai"
 * import { Redacted } from "effect"
 * import * as ChaosHttpClient from "effect-resilience/testing/ChaosHttpClient"
 *
 * export const OpenAi = OpenAiClient.layer({
 *   apiKey: Redacted.make("..."),
 *   transformClient: ChaosHttpClient.inject("openai")
 * })
 * ```
 *
 * @since 0.1.0
 * @category Operators
 */
export const inject =
  (target: string) =>
  (client: HttpClient.HttpClient): HttpClient.HttpClient =>
    HttpClient.transform(client, (sending, request) =>
      Effect.withFiberRuntime((fiber) => {
        const plan = Context.get(fiber.currentContext as Context.Context<never>, Chaos).next(target, fiber)
        if (plan === undefined) return sending
        const { wait } = plan
        return wait === 0 ? disturbed(plan, request, sending) : Effect.delay(disturbed(plan, request, sending), wait)
      })
    )

/**
 * `inject` for the `HttpClient` of an application.
 *
 * @since 0.1.0
 * @category Layers
 */
export const layer = (target: string): Layer.Layer<HttpClient.HttpClient, never, HttpClient.HttpClient> =>
  Layer.effect(HttpClient.HttpClient, Effect.map(HttpClient.HttpClient, inject(target)))

type Sending = Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError>

const disturbed = ({ fault }: Plan, request: HttpClientRequest.HttpClientRequest, sending: Sending): Sending => {
  switch (fault?._tag) {
    case undefined:
      return sending
    case "Fail":
      return failed(fault.error, request)
    case "Cut":
      return remade(request, (signal) =>
        Effect.flatMap(sending, (response) => cutOff(response, request, fault.after, fault.error!, signal))
      )
    case "Stall":
      return Effect.never
    case "Interrupt":
      return Effect.interrupt
  }
}

/** The statuses and codes by which a failure is known that was given no others. */
const forms: { readonly [tag in LlmError["_tag"]]?: readonly [status: number, code: string] } = {
  RateLimited: [429, "rate_limit_exceeded"],
  QuotaExhausted: [429, "insufficient_quota"],
  Overloaded: [503, "server_is_overloaded"],
  ServerError: [500, "server_error"],
  ContextLengthExceeded: [400, "context_length_exceeded"],
  RequestTooLarge: [413, "request_too_large"],
  ContentFiltered: [400, "content_filter"],
  ModelNotFound: [404, "model_not_found"],
  InvalidRequest: [400, "invalid_request_error"],
  Conflict: [409, "conflict"],
  AuthenticationFailed: [401, "invalid_api_key"],
  PermissionDenied: [403, "permission_denied"]
}

const failed = (error: LlmError, request: HttpClientRequest.HttpClientRequest): Sending => {
  const [status = error.status, code] = forms[error._tag] ?? []
  if (status === undefined) {
    const cause = Object.assign(new Error(error.message), { code: "ECONNRESET" })
    return Effect.fail(new HttpClientError.RequestError({ request, reason: "Transport", cause }))
  }
  const body = JSON.stringify({ error: { message: error.message, type: code ?? null, code: code ?? null } })
  const { retryAfter } = error
  const headers = {
    "content-type": "application/json",
    "x-effect-resilience-chaos": error._tag,
    ...(retryAfter !== undefined && { "retry-after": String(Math.ceil(Duration.toSeconds(retryAfter))) })
  }
  return Effect.succeed(
    HttpClientResponse.fromWeb(request, new Response(body, { status: error.status ?? status, headers }))
  )
}

const cutOff = (
  response: HttpClientResponse.HttpClientResponse,
  request: HttpClientRequest.HttpClientRequest,
  after: number,
  error: LlmError,
  signal: AbortSignal
): Effect.Effect<HttpClientResponse.HttpClientResponse> => {
  const broken = Object.assign(new Error(error.message), { code: "ECONNRESET" })
  const body = Stream.concat(
    Stream.take(response.stream, after),
    Stream.fail(new HttpClientError.ResponseError({ request, response, reason: "Decode", cause: broken }))
  )
  return Effect.map(readable(body, signal), (body) =>
    HttpClientResponse.fromWeb(
      request,
      new Response(body, {
        status: response.status,
        headers: { ...response.headers, "x-effect-resilience-chaos": "Cut" }
      })
    )
  )
}
