/**
 * Responses of an `HttpClient` that are made anew: what they stand for ends with whoever reads them, as with a real client.
 *
 * @internal
 */
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import { constTrue } from "effect/Function"
import * as Stream from "effect/Stream"

type Sending = Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError>

/** The signal is aborted as soon as nobody reads the body any more, though it has not come to its end. @internal */
export const remade = (request: HttpClientRequest.HttpClientRequest, make: (signal: AbortSignal) => Sending): Sending =>
  HttpClient.make((_, __, signal) => make(signal))
    .pipe(HttpClient.withTracerDisabledWhen(constTrue))
    .execute(request)

/** The body of a response for the platform, which breaks off when the signal is aborted. @internal */
export const readable = <E>(
  body: Stream.Stream<Uint8Array, E>,
  signal: AbortSignal
): Effect.Effect<ReadableStream<Uint8Array>> =>
  Stream.toReadableStreamEffect(Stream.interruptWhen(body, aborted(signal)), { strategy: { highWaterMark: 0 } })

const aborted = (signal: AbortSignal): Effect.Effect<never, unknown> =>
  Effect.async((resume) => {
    const leave = () => resume(Effect.fail(signal.reason))
    if (signal.aborted) return leave()
    signal.addEventListener("abort", leave, { once: true })
    return Effect.sync(() => signal.removeEventListener("abort", leave))
  })
