/**
 * Readers of one's own, put in front of the toolkit's.
 */
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import type { LlmError } from "../internal/errors/llmError.js"

/**
 * Reads a failure if it knows it: `Some` decides, `None` leaves it to the next reader.
 *
 * @since 0.1.0
 * @category Models
 */
export type Reader<in In = unknown> = (failure: In) => Option.Option<LlmError>

/** @internal */
export const orElse: {
  <In>(second: Reader<In>): (first: Reader<In>) => Reader<In>
  <In>(first: Reader<In>, second: Reader<In>): Reader<In>
} = dual(
  2,
  <In>(first: Reader<In>, second: Reader<In>): Reader<In> =>
    (failure) =>
      Option.orElse(attempt(first, failure), () => attempt(second, failure))
)

/** A reader that throws does not know the failure: it is no reason to lose the failure itself. */
const attempt = <In>(reader: Reader<In>, failure: In): Option.Option<LlmError> => {
  try {
    return reader(failure)
  } catch {
    return Option.none()
  }
}
