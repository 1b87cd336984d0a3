/**
 * A raw failure becomes an `LlmError`: whatever a provider, a gateway or a proxy answered, read to what it means.
 *
 * The body is read before the status: first its codes, then its types, then structured details, then the wording, and
 * the status last.
 *
 * @since 0.1.0
 */
import { fromHttpResponse as fromHttpResponse_, type HttpFailure } from "./classifier/HttpResponse.js"
import { fromUnknown as fromUnknown_, type Origin } from "./classifier/Unknown.js"
import type { LlmError } from "./LlmError.js"

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
  HttpFailure
} from "./classifier/HttpResponse.js"

export type {
  /**
   * @since 0.1.0
   * @category Models
   */
  Origin
} from "./classifier/Unknown.js"

/**
 * Reads a response that is a failure. Total and pure: it never throws, looks at no clock, and its time is bounded
 * however large or odd the body is.
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
 * shape. A failure that was classified before comes back as it is; only an absent target is filled in, on a copy.
 *
 * A call that its own caller cancelled is `Unclassified` with the code `ABORT_ERR`: it is not retried, does not count
 * against the target's health, and no other target is asked. An abort whose reason is a timeout is `TimedOut`.
 *
 * @since 0.1.0
 * @category Reading failures
 */
export const fromUnknown: (thrown: unknown, origin?: Origin) => LlmError = fromUnknown_
