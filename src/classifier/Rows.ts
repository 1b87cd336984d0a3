/**
 * Finds the row that decides: level by level, within a level dialect by dialect, within a dialect from top to bottom.
 *
 * The tables are made ready once. Rows that a name finds stand under that name, and the words are looked at row by row
 * only where one pass over them has shown that some row of the dialect knows them.
 */
import { type Dialect, type Level, levels, levelsOf, type Rule } from "./Dialect.js"
import type { Facts } from "./Said.js"

/** A row whose conditions are ready to be asked. */
interface Ready {
  readonly rule: Rule
  readonly at: number
  readonly names: ReadonlyArray<string> | undefined
  readonly codes: ReadonlyArray<string> | undefined
  readonly types: ReadonlyArray<string> | undefined
  readonly says: ReadonlyArray<RegExp> | undefined
  readonly statuses: ReadonlyArray<number> | undefined
}

const lower = (names: Rule["name"]): ReadonlyArray<string> | undefined =>
  names === undefined ? undefined : [names].flat().map((name) => name.toLowerCase())

const ready = (rule: Rule, at: number): Ready => ({
  rule,
  at,
  names: lower(rule.name),
  codes: lower(rule.code),
  types: lower(rule.type),
  says: rule.says === undefined ? undefined : [rule.says].flat(),
  statuses: rule.status === undefined ? undefined : [rule.status].flat()
})

/** Where a level's rows are found by a name. */
type Index = ReadonlyMap<string, ReadonlyArray<Ready>>

interface Table {
  readonly code: Index
  readonly type: Index
  readonly detail: ReadonlyArray<Ready>
  readonly wording: ReadonlyArray<Ready>
  readonly vague: ReadonlyArray<Ready>
  readonly status: ReadonlyMap<number, ReadonlyArray<Ready>>
  /** Matches where some row of the wording does. */
  readonly anyWording: RegExp
}

const grouped = <Key>(
  rows: ReadonlyArray<Ready>,
  keysOf: (row: Ready) => ReadonlyArray<Key>
): Map<Key, Array<Ready>> => {
  const found = new Map<Key, Array<Ready>>()
  for (const row of rows) {
    for (const key of new Set(keysOf(row))) found.set(key, [...(found.get(key) ?? []), row])
  }
  return found
}

const nothing = /(?!)/

const tableOf = ({ rules, vague = [] }: Dialect): Table => {
  const at = (level: Level): ReadonlyArray<Ready> =>
    rules.filter((rule) => levelsOf(rule).includes(level)).map((rule) => ready(rule, rules.indexOf(rule)))
  const wording = at("wording")
  const words = wording.flatMap(({ says = [] }) => says)
  return {
    code: grouped(at("code"), ({ codes, names }) => [...(names ?? []), ...(codes ?? [])]),
    type: grouped(at("type"), ({ names, types }) => [...(names ?? []), ...(types ?? [])]),
    detail: at("detail"),
    wording,
    vague: vague.map(ready),
    status: grouped(at("status"), ({ statuses }) => statuses ?? []),
    anyWording: words.length === 0 ? nothing : new RegExp(words.map(({ source }) => `(?:${source})`).join("|"))
  }
}

const tables = new WeakMap<Dialect, Table>()

const known = (dialect: Dialect): Table => {
  const found = tables.get(dialect) ?? tableOf(dialect)
  tables.set(dialect, found)
  return found
}

const has = (wanted: ReadonlyArray<string>, found: ReadonlySet<string>): boolean =>
  wanted.some((name) => found.has(name))

const fits = ({ codes, names, rule, says, statuses, types }: Ready, facts: Facts, level: Level): boolean =>
  (names === undefined ||
    (level !== "type" && has(names, facts.codes)) ||
    (level !== "code" && has(names, facts.types))) &&
  (codes === undefined || has(codes, facts.codes)) &&
  (types === undefined || has(types, facts.types)) &&
  (statuses === undefined || statuses.includes(facts.status)) &&
  (rule.detail === undefined || facts.has(rule.detail[0], rule.detail[1])) &&
  (rule.oversized === undefined || facts.oversized) &&
  (says === undefined || says.some((words) => words.test(facts.words)))

const top = (rows: ReadonlyArray<Ready> | undefined, facts: Facts, level: Level): Ready | undefined =>
  rows?.find((row) => fits(row, facts, level))

/** Of the rows that stand under one of the names, the topmost that fits. */
const under = (index: Index, names: ReadonlySet<string>, facts: Facts, level: Level): Ready | undefined => {
  let best: Ready | undefined
  for (const name of names) {
    const found = top(index.get(name), facts, level)
    if (found !== undefined && (best === undefined || found.at < best.at)) best = found
  }
  return best
}

const find = (table: Table, facts: Facts, level: Level): Ready | undefined => {
  switch (level) {
    case "code":
      return under(table.code, facts.codes, facts, level)
    case "type":
      return under(table.type, facts.types, facts, level)
    case "wording":
      return facts.oversized || table.anyWording.test(facts.words) ? top(table.wording, facts, level) : undefined
    case "status":
      return top(table.status.get(facts.status), facts, level)
    default:
      return top(table[level], facts, level)
  }
}

/** @internal */
export const firstFit = (dialects: ReadonlyArray<Dialect>, facts: Facts): Rule | undefined => {
  for (const level of levels) {
    for (const dialect of dialects) {
      const found = find(known(dialect), facts, level)
      if (found !== undefined) return found.rule
    }
  }
  return undefined
}
