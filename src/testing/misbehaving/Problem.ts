import * as Schema from "effect/Schema"

/**
 * What a provider can complain about, in no particular dialect.
 *
 * @since 0.1.0
 * @category Models
 */
export const Problem = Schema.Literal(
  "rateLimited",
  "overloaded",
  "serverError",
  "quotaExhausted",
  "contextLengthExceeded",
  "contentFiltered",
  "invalidKey",
  "permissionDenied",
  "modelNotFound",
  "invalidRequest",
  "requestTooLarge"
)

/**
 * @since 0.1.0
 * @category Models
 */
export type Problem = typeof Problem.Type

/** The particulars that go into the wording of a complaint. @internal */
export interface Particulars {
  readonly model?: string | undefined
  readonly message?: string | undefined
  readonly param?: string | undefined
  readonly retryAfterSeconds?: number | undefined
  readonly limit?: number | undefined
  readonly requested?: number | undefined
}

/** What a status without a body of its own complains about. @internal */
export const ofStatus = (status: number): Problem => {
  switch (status) {
    case 401:
      return "invalidKey"
    case 403:
      return "permissionDenied"
    case 404:
      return "modelNotFound"
    case 413:
      return "requestTooLarge"
    case 429:
      return "rateLimited"
    case 503:
    case 529:
      return "overloaded"
    default:
      return status >= 500 ? "serverError" : "invalidRequest"
  }
}
