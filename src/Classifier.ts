/**
 * A raw failure becomes an `LlmError`: whatever a provider, a gateway or a proxy answered, read to what it means.
 *
 * The body is read before the status: first its codes, then its types, then structured details, then the wording, and
 * the status last.
 *
 * @since 0.1.0
 */
import type * as Option from "effect/Option"
import { type FinishedResponse, fromFinishedResponse as fromFinishedResponse_ } from "./classifier/FinishedResponse.js"
import { fromHttpResponse as fromHttpResponse_, type HttpFailure } from "./classifier/HttpResponse.js"
import { orElse as orElse_, type Reader } from "./classifier/Reader.js"
import { fromStreamEvent as fromStreamEvent_, type StreamEvent } from "./classifier/StreamEvent.js"
import { failureFromUnknown } from "./classifier/Unknown.js"
import type { Origin } from "./classifier/Verdict.js"
import type { LlmError } from "./LlmError.js"
import type { Rejection } from "./Rejection.js"

export type {
  /**
   * @since 0.1.0
   * @category Models
   */
  HeadersInput
} from "./classifier/Facts.js"
export type {
  /**
   * @since 0.1.0
   * @category Models
   */
  FinishedResponse
} from "./classifier/FinishedResponse.js"
export type {
  /**
   * @since 0.1.0
   * @category Models
   */
  HttpFailure
} from "./classifier/HttpResponse.js"

export type {
  /**
   * @since 0.1.0
   * @category Models
   */
  Reader
} from "./classifier/Reader.js"
export type {
  /**
   * @since 0.1.0
   * @category Models
   */
  StreamEvent
} from "./classifier/StreamEvent.js"
export type {
  /**
   * @since 0.1.0
   * @category Models
   */
  Origin
} from "./classifier/Verdict.js"

/**
 * Reads a response that is a failure. Total and pure: it never throws, looks at no clock, and its time is bounded
 * however large or odd the body is.
 *
 * @example
 * ```ts
 * import { Classifier, LlmError } from "effect-resilience"
 *
 * const error = Classifier.fromHttpResponse({
 *   status: 429,
 *   headers: { "retry-after": "20" },
 *   body: { error: { code: "rate_limit_exceeded", message: "Slow down" } }
 * })
 * LlmError.traits(error).retryable // true
 * ```
 *
 * @since 0.1.0
 * @category Reading failures
 */
export const fromHttpResponse: (failure: HttpFailure) => LlmError = fromHttpResponse_

/**
 * Reads anything that was thrown. Total: it never throws, whatever the value is and however its parts behave.
 *
 * It understands errors of Node, undici and other HTTP clients at any depth of `cause` and `AggregateError`,
 * `DOMException`, `HttpClientError`, `AiError`, `ParseError`, and the errors of the vendors' clients, all by their
 * shape. A failure that was classified before comes back as it is; only an absent target is filled in, on a copy. So
 * does a rejection of the toolkit itself, which says nothing about the provider.
 *
 * A call that its own caller cancelled is `Unclassified` with the code `ABORT_ERR`: it is not retried, does not count
 * against the target's health, and no other target is asked. An abort whose reason is a timeout is `TimedOut`.
 *
 * @since 0.1.0
 * @category Reading failures
 */
export const fromUnknown: (thrown: unknown, origin?: Origin) => LlmError | Rejection = failureFromUnknown

/**
 * Reads one event of a stream: `Some` if it says that there will be no answer, `None` for every other event.
 *
 * Failures are errors in any provider's shape, a blocked prompt, a refusal, and endings such as `content_filter`. Total,
 * and quick enough for every event of every stream.
 *
 * @since 0.1.0
 * @category Reading failures
 */
export const fromStreamEvent: (event: StreamEvent) => Option.Option<LlmError> = fromStreamEvent_

/**
 * Reads a response that arrived whole and with a good status: `Some` if it is a failure all the same, `None` if it is an
 * answer.
 *
 * Failures are error bodies, those in a vendor's own envelope (`base_resp`, `success: false`, a flat `code` and `message`)
 * among them, empty bodies, blank keep-alive lines, markup, no candidates, candidates without content, blocked prompts,
 * refusals and filtered answers. Something must be recognised as an answer, in the wire format or the client's result of
 * any vendor: text, calls of tools, vectors, pictures, sound, ranks, counts, or what is asked for later. A body in which
 * nothing is recognised is a `MalformedResponse`. An answer that was cut at the caller's limit of tokens is an answer.
 * Streams, a `Response` and bytes that are no text are not judged.
 *
 * @since 0.1.0
 * @category Reading failures
 */
export const fromFinishedResponse: (response: FinishedResponse) => Option.Option<LlmError> = fromFinishedResponse_

/**
 * Asks one reader and, where it does not know the failure, another. A reader that throws does not know the failure.
 *
 * This is how several readers of one's own become the one that a `classify` option takes.
 *
 * @example
 * ```ts
 * import { Option, Predicate } from "effect"
 * import { Classifier, LlmError } from "effect-resilience"
 *
 * const maintenance: Classifier.Reader = (thrown) =>
 *   Predicate.hasProperty(thrown, "maintenance") ? Option.some(new LlmError.Overloaded()) : Option.none()
 * const licence: Classifier.Reader = (thrown) =>
 *   Predicate.hasProperty(thrown, "licence") ? Option.some(new LlmError.PermissionDenied()) : Option.none()
 *
 * export const classify = Classifier.orElse(maintenance, licence)
 * ```
 *
 * @since 0.1.0
 * @category Reading failures
 */
export const orElse: {
  <In>(second: Reader<In>): (first: Reader<In>) => Reader<In>
  <In>(first: Reader<In>, second: Reader<In>): Reader<In>
} = orElse_
