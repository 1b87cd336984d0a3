import * as Schema from "effect/Schema"

/**
 * A store could not do what it was asked to. Calls go on as if there were no limit.
 *
 * @since 0.1.0
 * @category Errors
 */
export class RateLimitStoreError extends Schema.TaggedError<RateLimitStoreError>(
  "effect-resilience/RateLimitStoreError"
)("RateLimitStoreError", { message: Schema.String, cause: Schema.optional(Schema.Defect) }) {}
