/**
 * How a stream is read, as every dialect of it says.
 */
import type { LlmError, ToolCall, Usage } from "../../errors/llmError.js"

/**
 * What one element of a stream is.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Reading {
  /**
   * - `content`: a part of the answer (text, a tool call, an image). The first one commits the stream.
   * - `reasoning`: the model thinks aloud.
   * - `metadata`: anything else: a role, an empty delta, an id, a ping, usage.
   * - `malformed`: not an element of this dialect.
   */
  readonly kind: "content" | "reasoning" | "metadata" | "malformed"
  /** The text of the answer that the element carries. */
  readonly text?: string
  /** The answer is complete with this element, though metadata may follow it. */
  readonly end?: boolean
  /** The provider says that the answer failed. */
  readonly error?: LlmError
  /** The tokens used so far. Later readings win, field by field. */
  readonly usage?: Usage
  /** The model that answers, as it names itself. */
  readonly model?: string | undefined
  /** Tool calls of which the element is a piece. */
  readonly toolCalls?: ReadonlyArray<ToolCallPiece>
}

/**
 * A tool call, or a piece of one. Pieces of one `key` (default: its id) are one call; an `id` or `name` that a piece does
 * not tell is empty. One that tells nothing at all continues the call before it.
 *
 * @since 0.1.0
 * @category Models
 */
export interface ToolCallPiece extends ToolCall {
  readonly key?: string
  /** The provider runs the tool itself, so that there is no call to answer. Default `false`. */
  readonly providerExecuted?: boolean
}

/**
 * How the elements of a stream are read.
 *
 * @since 0.1.0
 * @category Models
 */
export interface StreamDialect<in A> {
  /** Whose errors they are, for the classifier. */
  readonly provider?: string | undefined
  /** Whether a complete answer says that it is complete. Without it the end of the stream is the end of the answer. */
  readonly endMarker: boolean
  /** Reads one element. It runs for every element, so it has to be quick, and it must not throw. */
  readonly read: (element: A) => Reading
}
