import { failureOf } from "../errors/failureOf.js"
import type { LlmError } from "../errors/llmError.js"
import type { Rejection } from "../errors/rejection.js"

/**
 * A failure together with what it was read as, so that a policy of many pieces reads it once.
 *
 * @internal
 */
export class Reading {
  // A failed value may be a proxy that throws when it is asked whose instance it is. Nobody is asked for this.
  readonly #own = true
  readonly failure: LlmError | Rejection
  constructor(readonly error: unknown) {
    this.failure = failureOf(error)
  }

  static is(input: unknown): input is Reading {
    return typeof input === "object" && input !== null && #own in input
  }
}

/** @internal */
export const read = (input: unknown): LlmError | Rejection => (Reading.is(input) ? input.failure : failureOf(input))
