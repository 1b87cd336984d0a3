/**
 * What a failure was read to mean.
 */
import { remade } from "../internal/errors/errorClass.js"
import type * as LlmError from "../internal/errors/llmError.js"

/**
 * What is known of a failed call besides the failure itself.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Origin {
  /** The target's name, as the toolkit knows it. */
  readonly target?: string | undefined
  /** Whose dialect an error body is in. Recognised where it is not said. */
  readonly provider?: string | undefined
  readonly model?: string | undefined
}

/** @internal */
export interface Verdict {
  readonly is: Exclude<LlmError.Tag, "StreamInterrupted">
  readonly code?: string
  /** Overrides the tag's own answer. */
  readonly retryable?: boolean
  /** For `ConnectionFailed`; the request may have arrived unless said otherwise. */
  readonly sent?: "no" | "maybe"
  /** For `TimedOut`; one attempt of a call, and the provider's own limit in a response, unless said otherwise. */
  readonly phase?: LlmError.TimeoutPhase
  /** For `ContentFiltered`; the prompt in a failed response, and else the completion, unless said otherwise. */
  readonly by?: "prompt" | "completion" | "refusal"
  /** Of a failure that nothing is known of: what was thrown, by name. */
  readonly thrown?: string
  /** Somebody gave up: by a signal, as far as the error says, or by interrupting the fiber. */
  readonly cancelled?: "aborted" | "interrupted"
}

/** @internal */
export const table = (verdicts: Readonly<Record<string, Verdict>>): ((name: string) => Verdict | undefined) => {
  const rows = new Map(Object.entries(verdicts))
  return (name) => rows.get(name)
}

/** @internal */
export const known = (
  origin: Origin
): { readonly target?: string; readonly provider?: string; readonly model?: string } => ({
  ...(origin.target !== undefined && { target: origin.target }),
  ...(origin.provider !== undefined && { provider: origin.provider }),
  ...(origin.model !== undefined && { model: origin.model })
})

/**
 * The same failure with some of its fields changed, or taken out where `undefined` is given.
 *
 * @internal
 */
export const changed = (error: LlmError.LlmError, changes: Readonly<Record<string, unknown>>): LlmError.LlmError =>
  remade(error, changes)
