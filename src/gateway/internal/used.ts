/**
 * What a call has used so far, for the limits of its client, who look when it is over, however it ends: a stream that broke
 * off and one that its client has left have been used too.
 *
 * @internal
 */

import type { Estimate } from "../../internal/load/rateLimit.js"
import { partsOf } from "../../internal/load/tokens.js"
import type { Reading } from "../../internal/stream/dialect/dialect.js"
import type { Usage } from "../../LlmError.js"

/** @internal */
export class Used {
  private told: Usage | undefined
  private begun = false
  private outputTold = false
  private written = 0

  constructor(
    /** What it was expected to use. */
    readonly expected: () => Estimate,
    /** Who has answered, and at first who is asked first. */
    public target: string
  ) {}

  /** Nobody got an answer. */
  nothing(): void {
    this.told = { inputTokens: 0, outputTokens: 0 }
  }

  /** The answer came whole. */
  whole(target: string, usage: Usage | undefined): void {
    this.target = target
    this.told = usage
  }

  /** A piece of a stream was handed on. What was told before the first content says nothing of the output. */
  read({ kind, text, usage }: Reading): void {
    this.begun ||= kind === "content"
    if (text !== undefined) this.written += partsOf(text)
    if (usage === undefined) return
    this.told = { ...this.told, ...usage }
    this.outputTold ||= this.begun && usage.outputTokens !== undefined
  }

  /** Nothing where nobody knows. Of a stream that does not tell, as OpenAI's where it is not asked to, the words are counted. */
  get usage(): Usage | undefined {
    return this.begun && !this.outputTold ? { ...this.told, outputTokens: Math.ceil(this.written) } : this.told
  }
}
