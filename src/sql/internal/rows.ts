/**
 * The rows of an operation log, with the names of their columns: what may be kept of a call, and nothing else.
 *
 * @internal
 */

/** One protected call, with all its attempts; or an answer that no target gave. @internal */
export interface CallRow {
  readonly run: string
  readonly call: number
  /** What was asked for as one, perhaps of several targets. The call's own number where it is alone. */
  readonly operation: number
  readonly correlation: string | null
  readonly target: string
  readonly provider: string
  /** The target that was to be asked first in this operation. */
  readonly first_target: string
  /** Why it was not that one that was asked: the tag of its failure, or `slow`. */
  readonly moved_by: string | null
  readonly source: Source
  readonly ended_at: number
  readonly duration_ms: number
  readonly outcome: string
  readonly attempts: number
  readonly retries: number
  readonly rejections: number
  readonly waited_ms: number
  readonly queued_ms: number
  /** The number of the hedge that this call was, if it was one. */
  readonly hedge: number | null
}

/** Who gave the answer: the target itself, a cache, or whoever had the last word. @internal */
export type Source = "target" | "cache" | "stale" | "coalesced" | "lastAnswer"

/** One attempt. @internal */
export interface AttemptRow {
  readonly run: string
  readonly call: number
  readonly attempt: number
  readonly operation: number
  readonly target: string
  readonly provider: string
  /** The model that was asked, and the one that answered, as far as they are known. */
  readonly model: string | null
  readonly answered_model: string | null
  readonly ended_at: number
  readonly duration_ms: number
  readonly first_token_ms: number | null
  /** How long the call had waited before it. */
  readonly wait_ms: number
  readonly outcome: string
  readonly status: number | null
  readonly request_id: string | null
  readonly input_tokens: number | null
  readonly output_tokens: number | null
  readonly cached_input_tokens: number | null
  readonly cost: number | null
  /** 1 if it may have used more tokens than it has told of, which may be none. */
  readonly untold: number
}

/** A circuit changed its state, or a target was parked. @internal */
export interface CircuitRow {
  readonly run: string
  readonly change: number
  readonly at: number
  readonly target: string
  readonly from_state: string | null
  readonly to_state: string
  readonly reason: string | null
  readonly retry_after_ms: number | null
}

/** A row and the table it belongs in. @internal */
export type Entry =
  | { readonly table: "llm_calls"; readonly row: CallRow }
  | { readonly table: "llm_attempts"; readonly row: AttemptRow }
  | { readonly table: "llm_circuit_changes"; readonly row: CircuitRow }

/** @internal */
export const tables = ["llm_calls", "llm_attempts", "llm_circuit_changes"] as const

/** Which column says when a row is old. @internal */
export const timeOf = { llm_calls: "ended_at", llm_attempts: "ended_at", llm_circuit_changes: "at" } as const

const longest = 200

/** What no database takes for text: control characters (Postgres refuses NUL) and halves of a pair. */
const unfit = /[\p{Cc}\p{Cs}]/gu

/** A name as it is kept: of a bounded length, in characters that every database takes. @internal */
export const name = (text: string): string => {
  const short = text.length > longest ? text.slice(0, longest) : text
  return short.replace(unfit, "?")
}

/** @internal */
export const nameOrNull = (text: unknown): string | null =>
  typeof text === "string" && text !== "" ? name(text) : null

/** A time as it is kept: no database takes an infinite one. @internal */
export const finite = (millis: number): number => (Number.isFinite(millis) ? millis : 0)

/** @internal */
export const wholeOrNull = (value: unknown): number | null =>
  typeof value === "number" && Number.isFinite(value) ? Math.max(-most, Math.min(most, Math.round(value))) : null

/** What a column for whole numbers holds in every database. */
const most = 2 ** 31 - 1
