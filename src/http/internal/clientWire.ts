/**
 * Sending by an `HttpClient`. What it fails with comes through as it is.
 *
 * @internal
 */
import * as HttpBody from "@effect/platform/HttpBody"
import * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { Wire } from "./exchange.js"
import type { Outgoing } from "./outgoing.js"
import type { Seen } from "./seen.js"

/** Sends the client's own request, or another in its place. */
type Send<E, R> = (
  other: HttpClientRequest.HttpClientRequest | undefined
) => Effect.Effect<HttpClientResponse.HttpClientResponse, E, R>

/** @internal */
export const clientWire = <E, R>(
  request: HttpClientRequest.HttpClientRequest,
  own: Outgoing,
  send: Send<E, R>
): Wire<E | HttpClientError.HttpClientError, R> => {
  const sent = (outgoing: Outgoing, seen: Seen) =>
    Effect.tap(send(outgoing === own ? undefined : aimed(request, outgoing)), (response) =>
      Effect.sync(() => {
        const headers = new globalThis.Headers(response.headers)
        seen.head = { url: outgoing.url, status: response.status, statusText: "", headers }
      })
    )
  return {
    whole: (outgoing, seen) =>
      Effect.flatMap(sent(outgoing, seen), (response) =>
        Effect.map(response.arrayBuffer, (bytes) => new Uint8Array(bytes))
      ),
    chunks: (outgoing, seen) =>
      Stream.unwrap(
        Effect.map(sent(outgoing, seen), (response) =>
          // A response without a body says so as a failure, which tells less than its status.
          Stream.catchSome(response.stream, (error) => (isEmptyBody(error) ? Option.some(Stream.empty) : Option.none()))
        )
      ),
    timedOut: (cause) =>
      new HttpClientError.RequestError({
        request,
        reason: "Transport",
        cause,
        description: cause instanceof Error ? cause.message : "its time was up"
      })
  }
}

const isEmptyBody = (error: unknown): boolean =>
  HttpClientError.isHttpClientError(error) && error._tag === "ResponseError" && error.reason === "EmptyBody"

/** The same request at another address. */
const aimed = (
  request: HttpClientRequest.HttpClientRequest,
  { body, headers, url }: Outgoing
): HttpClientRequest.HttpClientRequest =>
  HttpClientRequest.make(request.method as "POST")(url, {
    headers: Object.fromEntries(headers),
    body:
      typeof body === "string" ? HttpBody.text(body, headers.get("content-type") ?? "application/json") : request.body
  })

/** What a body says, if it can be known without sending it. @internal */
export const textOf = ({ body }: HttpClientRequest.HttpClientRequest): string | undefined => {
  if (body._tag === "Uint8Array") return new TextDecoder().decode(body.body)
  return body._tag === "Raw" && typeof body.body === "string" ? body.body : undefined
}
