/**
 * Server-sent events from the bytes of a response, for those who call a provider without its SDK.
 *
 * The bytes may be cut anywhere: within a CRLF, a character, a field or a byte order mark. What the events mean is for
 * `StreamDialect.sse` to read, or for the first of them to tell. The parser is `eventsource-parser`, an optional peer.
 *
 * @since 0.1.0
 */
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Stream from "effect/Stream"
import { fromUnknown } from "../classifier/Unknown.js"
import type { MalformedResponse } from "../internal/errors/llmError.js"
import { number } from "../internal/options/check.js"
import { refuseUnknown } from "../internal/options/names.js"
import { fromAsyncIterable } from "../internal/stream/fromAsyncIterable.js"
import * as LlmCall from "../LlmCall.js"
import type { LlmError } from "../LlmError.js"
import type { ServerSentEvent } from "../StreamDialect.js"
import { Decoder, type DecoderOptions } from "./internal/decoder.js"
import { eventsIn, eventsOf, failureOf, type Head, holdsEvents } from "./internal/response.js"

/**
 * How bytes become events.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Options {
  /** The name of what is called, as the policies know it. It is filled into every failure. */
  readonly target?: string | undefined
  /** Whose failures these are, for the classifier. Left out, they are recognised by their shape. */
  readonly provider?: string | undefined
  /**
   * How many characters one event may have. A larger one is a `MalformedResponse` with the code `event_too_large`, as soon
   * as it has grown beyond that. Default 16 777 216, which leaves room for a picture.
   */
  readonly maxEventSize?: number | undefined
}

/**
 * How a stream of events is asked for with `fetch`.
 *
 * @since 0.1.0
 * @category Models
 */
export interface FetchOptions extends Options {
  readonly url: Parameters<typeof globalThis.fetch>[0]
  /** What `fetch` takes besides the address. The signal is the stream's own. */
  readonly init?: Omit<NonNullable<Parameters<typeof globalThis.fetch>[1]>, "signal"> | undefined
  /** In place of the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch | undefined
}

const compiled = (name: string, options: Options, names: Readonly<Record<string, true>> = own): DecoderOptions => {
  const where = `ServerSentEvents.${name}`
  refuseUnknown(where, "", options, names)
  const { maxEventSize = 16_777_216, provider, target } = options
  return { provider, target, maxEventSize: number(where, "maxEventSize", maxEventSize, 1) }
}

const own = { target: true, provider: true, maxEventSize: true } as const

/**
 * Makes events of bytes. Comments, `retry` and unknown fields are passed over; an event without data is none. What has no
 * blank line after it when the bytes end is an event all the same.
 *
 * Fails with what the bytes fail with, and with a `MalformedResponse` for an event beyond `maxEventSize`.
 *
 * @example
 * ```ts
 * import { HttpClient, HttpClientRequest } from "@effect/platform"
 * import { Effect, Stream } from "effect"
 * import * as ServerSentEvents from "effect-resilience/http/ServerSentEvents"
 *
 * export const events = Stream.unwrap(
 *   Effect.map(HttpClient.execute(HttpClientRequest.get("https://llm.acme.example/events")), (response) =>
 *     ServerSentEvents.decode(response.stream)
 *   )
 * )
 * ```
 *
 * @since 0.1.0
 * @category Decoding
 */
export const decode: {
  (
    options?: Options
  ): <E, R>(bytes: Stream.Stream<Uint8Array, E, R>) => Stream.Stream<ServerSentEvent, E | MalformedResponse, R>
  <E, R>(
    bytes: Stream.Stream<Uint8Array, E, R>,
    options?: Options
  ): Stream.Stream<ServerSentEvent, E | MalformedResponse, R>
} = dual(
  (args) => typeof args[0] === "object" && args[0] !== null && Stream.StreamTypeId in args[0],
  <E, R>(
    bytes: Stream.Stream<Uint8Array, E, R>,
    options: Options = {}
  ): Stream.Stream<ServerSentEvent, E | MalformedResponse, R> => decodeWith(bytes, compiled("decode", options))
)

const decodeWith = <E, R>(
  bytes: Stream.Stream<Uint8Array, E, R>,
  options: DecoderOptions
): Stream.Stream<ServerSentEvent, E | MalformedResponse, R> =>
  Stream.suspend(() => {
    const decoder = new Decoder(options)
    const events = (read: () => ReadonlyArray<ServerSentEvent>) =>
      Effect.map(
        Effect.try({ try: read, catch: (thrown) => thrown as MalformedResponse }),
        Chunk.unsafeFromArray<ServerSentEvent>
      )
    return Stream.concat(
      Stream.mapChunksEffect(bytes, (chunk) =>
        events(() => Chunk.toReadonlyArray(chunk).flatMap((one) => decoder.feed(one)))
      ),
      Stream.unwrap(
        Effect.map(
          events(() => decoder.end()),
          Stream.fromChunk
        )
      )
    )
  })

/**
 * The events of a `ReadableStream` of bytes. It can be read once; a consumer that leaves cancels it.
 *
 * Fails as `fromResponse` does, but for what a status or a header would have said.
 *
 * @since 0.1.0
 * @category Decoding
 */
export const fromReadableStream = (
  bytes: ReadableStream<Uint8Array>,
  options: Options = {}
): Stream.Stream<ServerSentEvent, LlmError> => {
  const to = compiled("fromReadableStream", options)
  return fromAsyncIterable(() => eventsIn(bytes, to), reading(to))
}

/**
 * The events of a response of `fetch` or of `@effect/platform`'s `HttpClient`. It can be read once; a consumer that leaves
 * cancels it.
 *
 * A response whose status is none of 200 to 299 is the failure that its status, headers and body say; JSON or a page
 * where events should be is one too, mostly a `MalformedResponse`. So is an event beyond `maxEventSize`. A connection that
 * breaks is a `ConnectionFailed`.
 *
 * @example
 * ```ts
 * import { HttpClient, HttpClientRequest } from "@effect/platform"
 * import { Effect, Stream } from "effect"
 * import { Resilience, StreamDialect } from "effect-resilience"
 * import * as ServerSentEvents from "effect-resilience/http/ServerSentEvents"
 *
 * const request = HttpClientRequest.post("https://llm.acme.example/v1/chat/completions").pipe(
 *   HttpClientRequest.bodyUnsafeJson({ model: "large", stream: true, messages: [{ role: "user", content: "Hello" }] })
 * )
 *
 * export const events = Stream.unwrap(
 *   Effect.map(HttpClient.execute(request), (response) => ServerSentEvents.fromResponse(response))
 * ).pipe(Resilience.protectStream("acme/large", { dialect: StreamDialect.sse(StreamDialect.openAiChat) }))
 * ```
 *
 * @since 0.1.0
 * @category Decoding
 */
export const fromResponse = (
  response: Response | HttpClientResponse.HttpClientResponse,
  options: Options = {}
): Stream.Stream<ServerSentEvent, LlmError> => {
  const to = compiled("fromResponse", options)
  const failed = reading(to)
  if (!("stream" in response)) return fromAsyncIterable(() => eventsOf(response, to), failed)
  const head: Head = { status: response.status, headers: response.headers }
  if (holdsEvents(head)) return Stream.mapError(decodeWith(response.stream, to), failed)
  const body = Effect.orElseSucceed(response.text, () => "")
  return Stream.fromEffect(Effect.flatMap(body, (text) => Effect.fail(failureOf(head, text, to))))
}

/**
 * Asks for a stream of events with `fetch`, anew for each time that it is run, so that it can be retried.
 *
 * Fails as `fromResponse` does. A consumer that leaves, an interruption and a failure abort the request.
 *
 * @example
 * ```ts
 * import { Resilience } from "effect-resilience"
 * import * as ServerSentEvents from "effect-resilience/http/ServerSentEvents"
 *
 * export const events = ServerSentEvents.fetch({
 *   target: "acme/large",
 *   url: "https://llm.acme.example/v1/chat/completions",
 *   init: {
 *     method: "POST",
 *     headers: { "content-type": "application/json" },
 *     body: JSON.stringify({ model: "large", stream: true, messages: [{ role: "user", content: "Hello" }] })
 *   }
 * }).pipe(Resilience.protectStream("acme/large"))
 * ```
 *
 * @since 0.1.0
 * @category Decoding
 */
export const fetch = (options: FetchOptions): Stream.Stream<ServerSentEvent, LlmError> => {
  const to = compiled("fetch", options, { ...own, url: true, init: true, fetch: true })
  return LlmCall.tryStream({
    target: options.target,
    provider: options.provider,
    try: async (signal) =>
      eventsOf(await (options.fetch ?? globalThis.fetch)(options.url, { ...options.init, signal }), to)
  })
}

const reading =
  ({ provider, target }: DecoderOptions) =>
  (thrown: unknown): LlmError =>
    fromUnknown(thrown, { target, provider }) as LlmError
