/**
 * An `HttpClient` that knows model APIs: retries, circuits, deadlines and fallbacks for every client built on one.
 *
 * @since 0.1.0
 */
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Scope from "effect/Scope"
import * as Resilience from "../Resilience.js"
import { clientWire, textOf } from "./internal/clientWire.js"
import { type Asked, exchange } from "./internal/exchange.js"
import { addressed, recognise } from "./internal/modelRequest.js"
import { apart, compile, type Seam, type SeamOptions } from "./internal/seam.js"

export type { ModelRequest } from "./internal/modelRequest.js"
export type { Fallback } from "./internal/outgoing.js"
export type { SeamOptions } from "./internal/seam.js"

/**
 * The policies, and what is particular to this seam.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Options extends Resilience.Options, SeamOptions {}

/**
 * Puts a client's requests to model APIs under the policies of the `Resilience` around them. Other requests are passed on
 * untouched.
 *
 * What comes back is what would come back without: the answer, byte for byte; when nothing helped, the last response or
 * the client's own last error; when a circuit is open, a target parked or a limit reached, a response of 503 or 429 in
 * the words of the API, with `Retry-After` and the header `x-effect-resilience`; when the time is up, a `RequestError`
 * with the `DeadlineExceeded` or `TimedOut` as its cause.
 *
 * @example
 * ```ts
 * import { FetchHttpClient, HttpClient } from "@effect/platform"
 * import { Effect } from "effect"
 * import { Resilience } from "effect-resilience"
 * import * as ResilientHttpClient from "effect-resilience/http/ResilientHttpClient"
 *
 * const Policies = Resilience.layer({ deadline: "2 minutes" })
 *
 * const program = Effect.gen(function* () {
 *   const client = ResilientHttpClient.withResilience(yield* HttpClient.HttpClient)
 *   const response = yield* client.post("https://llm.acme.example/v1/chat/completions")
 *   return yield* response.json
 * }).pipe(Effect.provide([Policies, FetchHttpClient.layer]))
 * ```
 *
 * @since 0.1.0
 * @category Operators
 */
export const withResilience: {
  (
    options?: SeamOptions
  ): <E, R>(
    client: HttpClient.HttpClient.With<E, R>
  ) => HttpClient.HttpClient.With<E | HttpClientError.HttpClientError, R | Resilience.Resilience>
  <E, R>(
    client: HttpClient.HttpClient.With<E, R>,
    options?: SeamOptions
  ): HttpClient.HttpClient.With<E | HttpClientError.HttpClientError, R | Resilience.Resilience>
} = dual(
  (args) => Predicate.hasProperty(args[0], HttpClient.TypeId),
  <E, R>(client: HttpClient.HttpClient.With<E, R>, options: SeamOptions = {}) =>
    resilient(client, compile(where, options))
)

/**
 * The same with policies of its own, for where a client is made: `transformClient` of `@effect/ai-openai`,
 * `@effect/ai-anthropic` and the others. Make it once and hand it to all clients: what they learn of a target, they share.
 *
 * @example
 * ```ts
 * import { OpenAiClient } from "@effect/ai-openai"
 * import { Redacted } from "effect"
 * import * as ResilientHttpClient from "effect-resilience/http/ResilientHttpClient"
 *
 * const OpenAi = OpenAiClient.layer({
 *   apiKey: Redacted.make("..."),
 *   transformClient: ResilientHttpClient.transform({ deadline: "2 minutes" })
 * })
 * ```
 *
 * @since 0.1.0
 * @category Constructors
 */
export const transform = (options: Options = {}): ((client: HttpClient.HttpClient) => HttpClient.HttpClient) => {
  const { policies, seam } = apart(options)
  const compiled = compile(where, seam)
  // For as long as the process lives: there is nobody who could say that the last client has gone.
  const service = Effect.runSync(
    Effect.flatMap(Scope.make(), (scope) => Scope.extend(Resilience.make(policies), scope))
  )
  return (client) =>
    HttpClient.transformResponse(resilient(client, compiled), Effect.provideService(Resilience.Resilience, service))
}

/**
 * An `HttpClient` layer whose requests to model APIs are under the policies of the `Resilience` around it.
 *
 * @since 0.1.0
 * @category Layers
 */
export const layer = (
  options: SeamOptions = {}
): Layer.Layer<HttpClient.HttpClient, never, HttpClient.HttpClient | Resilience.Resilience> =>
  Layer.effect(
    HttpClient.HttpClient,
    Effect.zipWith(HttpClient.HttpClient, Resilience.Resilience, (client, service) =>
      HttpClient.transformResponse(
        resilient(client, compile(where, options)),
        Effect.provideService(Resilience.Resilience, service)
      )
    )
  )

const where = "ResilientHttpClient"

const resilient = <E, R>(
  client: HttpClient.HttpClient.With<E, R>,
  seam: Seam
): HttpClient.HttpClient.With<E | HttpClientError.HttpClientError, R | Resilience.Resilience> =>
  HttpClient.transform(
    client,
    (
      sent,
      request
    ): Effect.Effect<
      HttpClientResponse.HttpClientResponse,
      E | HttpClientError.HttpClientError,
      R | Resilience.Resilience
    > => {
      const call = called(request, seam)
      if (call === undefined) return sent
      const wire = clientWire(request, call.outgoing, (other) =>
        // In place of what the client has made of its own request, so that it adds no address and no key to this one.
        other === undefined ? sent : HttpClient.mapRequest(client, () => other).execute(request)
      )
      return Effect.map(exchange(call, seam.settings(call.recognised), wire), (response) =>
        HttpClientResponse.fromWeb(request, response)
      )
    }
  )

/** The request as a call to a target, or nothing where it is none. */
const called = (request: HttpClientRequest.HttpClientRequest, seam: Seam): Asked | undefined => {
  const url = Option.getOrUndefined(HttpClientRequest.toUrl(request))
  const to = url && addressed(request.method, url.href)
  if (url === undefined || to === undefined) return undefined
  const text = textOf(request)
  const recognised = recognise(to, text)
  const target = seam.target(recognised)
  if (target === undefined) return undefined
  return {
    recognised,
    target,
    outgoing: {
      url: url.href,
      method: request.method,
      headers: new globalThis.Headers(request.headers),
      body: text ?? null
    },
    // A stream may be of a kind that can be run once only.
    repeatable: request.body._tag !== "Stream",
    signal: undefined
  }
}
