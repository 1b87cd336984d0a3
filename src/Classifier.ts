/**
 * A raw failure becomes an `LlmError`: whatever a provider, a gateway or a proxy answered, read to what it means.
 *
 * The body is read before the status: first its codes, then its types, then structured details, then the wording, and
 * the status last.
 *
 * @since 0.1.0
 */
import { fromHttpResponse as fromHttpResponse_, type HttpFailure } from "./classifier/HttpResponse.js"
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

/**
 * Reads a response that is a failure. Total and pure: it never throws, looks at no clock, and its time is bounded
 * however large or odd the body is.
 *
 * @since 0.1.0
 * @category Reading failures
 */
export const fromHttpResponse: (failure: HttpFailure) => LlmError = fromHttpResponse_
