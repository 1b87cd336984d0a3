/**
 * The two places at which traffic is recorded and played: `fetch`, and an `HttpClient`.
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import { type Sent, sentOf } from "./capture.js"
import { UnrecordedRequest } from "./errors.js"
import { bodiless } from "./playback.js"
import { readable, remade } from "./remade.js"
import type { Service } from "./service.js"

type Fetch = typeof globalThis.fetch

/** A request to be sent or looked up. `send` is what happens without a recording. @internal */
export interface Request {
  readonly sent: Sent
  readonly signal: AbortSignal | undefined
  readonly send: () => Promise<Response>
}

/** Answers with the response, or is rejected: with an `UnrecordedRequest`, or with what the transport failed with. @internal */
export type Exchange = (request: Request) => Promise<Response>

/** @internal */
export const faces = (exchange: Exchange, own: Fetch | undefined): Pick<Service, "fetch" | "transform"> => ({
  fetch: async (input, init) => {
    const request = new globalThis.Request(input, init)
    const sent = await sentOf(request)
    const fetch = own ?? globalThis.fetch
    const { headers, method, url } = request
    // What can be read once only has been.
    const wasRead =
      init?.body instanceof ReadableStream || (input instanceof globalThis.Request && request.body !== null)
    const again = { ...init, method, headers, body: sent.body as Uint8Array<ArrayBuffer>, signal: request.signal }
    return exchange({
      sent,
      signal: request.signal,
      send: () => (wasRead ? fetch(url, again) : fetch(input, init))
    }).catch((error) => {
      if (error instanceof UnrecordedRequest) return refusal(error)
      throw error
    })
  },
  transform: (client) =>
    HttpClient.transform(client, (sending, request) =>
      Effect.flatMap(Effect.zip(sentByClient(request), Effect.runtime<never>()), ([sent, runtime]) =>
        remade(request, (signal) => {
          const send = async (): Promise<Response> => {
            const got = Effect.flatMap(sending, (response) => webOf(response, signal))
            const exit = await Runtime.runPromiseExit(runtime)(got, { signal })
            if (Exit.isSuccess(exit)) return exit.value
            throw Cause.squash(exit.cause)
          }
          return Effect.tryPromise({ try: () => exchange({ sent, signal, send }), catch: (error) => error }).pipe(
            Effect.catchAll((error) =>
              error instanceof UnrecordedRequest ? Effect.die(error) : Effect.fail(transportError(request, error))
            ),
            Effect.map((response) => HttpClientResponse.fromWeb(request, response))
          )
        })
      )
    )
})

/** In a form whose message the clients of most providers show. */
const refusal = ({ message }: UnrecordedRequest): Response =>
  new Response(JSON.stringify({ type: "error", error: { type: "unrecorded_request", code: null, message } }), {
    status: 400,
    headers: { "content-type": "application/json", "x-should-retry": "false" }
  })

const sentByClient = (
  request: HttpClientRequest.HttpClientRequest
): Effect.Effect<Sent, HttpClientError.RequestError> =>
  Effect.tryPromise({
    try: () => {
      const { body } = request
      return sentOf(
        new globalThis.Request(
          Option.getOrElse(HttpClientRequest.toUrl(request), () => request.url),
          {
            method: request.method,
            headers: request.headers,
            ...(body._tag === "Uint8Array" && { body: body.body as Uint8Array<ArrayBuffer> }),
            ...(body._tag === "FormData" && { body: body.formData }),
            ...(body._tag === "Raw" && typeof body.body === "string" && { body: body.body })
          }
        )
      )
    },
    catch: (cause) => new HttpClientError.RequestError({ request, reason: "Encode", cause })
  })

const webOf = (response: HttpClientResponse.HttpClientResponse, signal: AbortSignal): Effect.Effect<Response> =>
  Effect.map(
    readable(response.stream, signal),
    (body) =>
      new Response(bodiless.has(response.status) ? null : body, {
        status: response.status,
        headers: response.headers
      })
  )

const transportError = (
  request: HttpClientRequest.HttpClientRequest,
  cause: unknown
): HttpClientError.HttpClientError =>
  HttpClientError.isHttpClientError(cause)
    ? cause
    : new HttpClientError.RequestError({ request, reason: "Transport", cause })
