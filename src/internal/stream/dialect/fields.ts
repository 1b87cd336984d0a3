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

/** @internal */
export const numbers = <const K extends string>(fields: Readonly<Record<K, unknown>>): { [key in K]?: number } => {
  const known: { [key in K]?: number } = {}
  for (const key in fields) {
    const value = fields[key]
    if (typeof value === "number") known[key] = value
  }
  return known
}
