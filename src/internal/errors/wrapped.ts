import type { LlmError } from "./llmError.js"
import type { Rejection } from "./rejection.js"
import { isObject, original } from "./safeRead.js"

/** The failures behind errors of a foreign type. Beside them and not in them, so that nothing can print or encode one. */
const originals = new WeakMap<object, LlmError | Rejection>()

/**
 * Folds a failure into an error of the type that a foreign interface insists on. `unfold` gives back the very same
 * failure.
 *
 * @internal
 */
export const wrap = <Foreign extends object>(foreign: Foreign, failure: LlmError | Rejection): Foreign => {
  originals.set(original(foreign), original(failure))
  return foreign
}

/** @internal */
export const unwrap = (value: unknown): LlmError | Rejection | undefined =>
  isObject(value) ? originals.get(original(value)) : undefined
