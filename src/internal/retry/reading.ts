import { failureOf } from "../errors/failureOf.js"
import type { LlmError } from "../errors/llmError.js"
import type { Rejection } from "../errors/rejection.js"

/**
 * A failure together with what it was read as, so that a policy of many pieces reads it once.
 *
 * @internal
 */
export class Reading {
  readonly failure: LlmError | Rejection
  constructor(readonly error: unknown) {
    this.failure = failureOf(error)
  }
}

/** @internal */
export const read = (input: unknown): LlmError | Rejection =>
  input instanceof Reading ? input.failure : failureOf(input)
