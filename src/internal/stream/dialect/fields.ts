/**
 * Looking into a value of unknown shape without ever throwing.
 *
 * @internal
 */

/** @internal */
export type Fields = Readonly<Record<string, unknown>>

/** @internal */
export const isFields = (u: unknown): u is Fields => typeof u === "object" && u !== null

/** @internal */
export const fieldsOf = (u: unknown): Fields => (isFields(u) ? u : {})

/** @internal */
export const arrayOf = (u: unknown): ReadonlyArray<unknown> => (Array.isArray(u) ? u : [])

/** @internal */
export const textOf = (u: unknown): string => (typeof u === "string" ? u : "")

/** What may be a number of tokens. JSON can say `1e999`, and one would spoil a sum or a limit for good. @internal */
export const isCount = (u: unknown): u is number => typeof u === "number" && u >= 0 && u <= Number.MAX_SAFE_INTEGER

/** @internal */
export const numbers = <const K extends string>(fields: Readonly<Record<K, unknown>>): { [key in K]?: number } => {
  const known: { [key in K]?: number } = {}
  for (const key in fields) {
    const value = fields[key]
    if (isCount(value)) known[key] = value
  }
  return known
}
