/**
 * A wire dialect: what one provider's failures mean, as a table of facts that can be checked against its documentation
 * row by row.
 */
import type { Tag } from "../LlmError.js"
import type { Facts } from "./Facts.js"

/**
 * What a failure was read to mean.
 *
 * @internal
 */
export interface Verdict {
  readonly is: Tag
  /** Who stopped a filtered request; the prompt unless said otherwise. */
  readonly by?: "prompt" | "completion" | "refusal"
  /** Overrides the tag's own answer. */
  readonly retryable?: boolean
}

/**
 * One row: every condition it names must hold. The first of `code`, `type`, `detail`, `says`, `status` that it names is
 * the one it is found by.
 *
 * @internal
 */
export interface Rule extends Verdict {
  /** A code, compared without regard to case. */
  readonly code?: string | ReadonlyArray<string>
  /** A type, compared without regard to case. */
  readonly type?: string | ReadonlyArray<string>
  /** A field of the body or a header, by name wherever it stands, and what its value looks like. */
  readonly detail?: readonly [name: string, value: RegExp]
  /** The words of the failure, in lower case. No expression may backtrack: literals, classes, bounded gaps. */
  readonly says?: RegExp
  readonly status?: number | ReadonlyArray<number>
}

/** @internal */
export interface Dialect {
  readonly name: string
  readonly title: string
  /** Other names under which callers know the provider. */
  readonly aliases?: ReadonlyArray<string>
  /** Whether a response whose provider was not named looks like this dialect. */
  readonly recognise?: (facts: Facts) => boolean
  /** In the order of the table within one kind of fact; codes before types before details before wording. */
  readonly rules: ReadonlyArray<Rule>
  /** Codes and types that say little: read after the wording, and before the status. */
  readonly vague?: ReadonlyArray<Rule>
}

/** The order of precedence that all dialects share. @internal */
export const levels = ["code", "type", "detail", "wording", "vague", "status"] as const

/** @internal */
export type Level = (typeof levels)[number]

/** @internal */
export const levelOf = (rule: Rule): Exclude<Level, "vague"> =>
  rule.code !== undefined
    ? "code"
    : rule.type !== undefined
      ? "type"
      : rule.detail !== undefined
        ? "detail"
        : rule.says !== undefined
          ? "wording"
          : "status"

/** @internal */
export const rulesAt = (dialect: Dialect, level: Level): ReadonlyArray<Rule> => {
  const known = byLevel.get(dialect) ?? split(dialect)
  return known[level]
}

const byLevel = new WeakMap<Dialect, Record<Level, ReadonlyArray<Rule>>>()

const split = (dialect: Dialect): Record<Level, ReadonlyArray<Rule>> => {
  const rows: Record<Level, Array<Rule>> = { code: [], type: [], detail: [], wording: [], vague: [], status: [] }
  for (const rule of dialect.rules) rows[levelOf(rule)].push(rule)
  rows.vague.push(...(dialect.vague ?? []))
  byLevel.set(dialect, rows)
  return rows
}

const among = (wanted: string | ReadonlyArray<string>, found: ReadonlySet<string>): boolean =>
  typeof wanted === "string" ? found.has(wanted.toLowerCase()) : wanted.some((name) => found.has(name.toLowerCase()))

/** @internal */
export const fits = (rule: Rule, facts: Facts): boolean =>
  (rule.code === undefined || among(rule.code, facts.codes)) &&
  (rule.type === undefined || among(rule.type, facts.types)) &&
  (rule.detail === undefined || facts.has(rule.detail[0], rule.detail[1])) &&
  (rule.says === undefined || rule.says.test(facts.words)) &&
  (rule.status === undefined || [rule.status].flat().includes(facts.status))

/**
 * The first row that fits, going level by level and within a level dialect by dialect.
 *
 * @internal
 */
export const firstFit = (dialects: ReadonlyArray<Dialect>, facts: Facts): Rule | undefined => {
  for (const level of levels) {
    for (const dialect of dialects) {
      for (const rule of rulesAt(dialect, level)) if (fits(rule, facts)) return rule
    }
  }
  return undefined
}
