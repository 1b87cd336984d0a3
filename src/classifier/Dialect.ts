/**
 * A wire dialect: what one provider's failures mean, as a table of facts that can be checked against its documentation
 * row by row, and the order of precedence that all tables share.
 */
import type { Facts } from "./Said.js"
import type { Verdict } from "./Verdict.js"

/**
 * What a row says of a failure.
 *
 * @internal
 */
export interface Meaning extends Pick<Verdict, "is" | "by" | "retryable"> {
  /** `false` where the hint is not the moment the quota is back: a day's quota with a hint of seconds. */
  readonly resets?: false
}

/**
 * One row. Every condition it states must hold; the first one it states is what it is found by.
 *
 * @internal
 */
export interface Rule extends Meaning {
  /** A code or a type: the provider uses the name as either. */
  readonly name?: string | ReadonlyArray<string>
  readonly code?: string | ReadonlyArray<string>
  readonly type?: string | ReadonlyArray<string>
  /** A field of the body or a header, wherever it stands, and what its value looks like. */
  readonly detail?: readonly [name: string, value: RegExp]
  /** The words, in lower case and without addresses. Literals, classes and bounded gaps only: nothing may backtrack. */
  readonly says?: RegExp | ReadonlyArray<RegExp>
  /** The words state a limit and a larger request: no waiting makes it fit. */
  readonly oversized?: true
  readonly status?: number | ReadonlyArray<number>
  /** Said of a limit per minute as well: with a hint of at most an hour it is a `RateLimited`. */
  readonly soft?: true
}

/** @internal */
export interface Dialect {
  readonly name: string
  readonly title: string
  /** Other names that callers use for the provider. */
  readonly aliases?: ReadonlyArray<string>
  /** The zone of the times that it names without one; UTC unless said otherwise. */
  readonly zone?: string
  /** Whether a response looks like this dialect. */
  readonly recognise?: (facts: Facts) => boolean
  /** In the order of the table within one level. */
  readonly rules: ReadonlyArray<Rule>
  /** Names and words that say little: read after the wording and before the status. */
  readonly vague?: ReadonlyArray<Rule>
}

/**
 * The order in which all tables are read.
 *
 * @internal
 */
export const levels = ["code", "type", "detail", "wording", "vague", "status"] as const

/** @internal */
export type Level = (typeof levels)[number]

/** @internal */
export const levelsOf = (rule: Rule): ReadonlyArray<Level> =>
  rule.name !== undefined
    ? ["code", "type"]
    : rule.code !== undefined
      ? ["code"]
      : rule.type !== undefined
        ? ["type"]
        : rule.detail !== undefined
          ? ["detail"]
          : rule.says !== undefined || rule.oversized !== undefined
            ? ["wording"]
            : ["status"]
