/**
 * A body becomes values, however it was sent.
 */

/** @internal */
export type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [key: string]: Json }

/** @internal */
export interface Parsed {
  /** Everything in the body that is data. */
  readonly values: ReadonlyArray<Json>
  /** What is left of it, as text without markup. */
  readonly text: string
}

const maxText = 262_144

/** @internal */
export const parse = (body: unknown): Parsed => {
  if (body === undefined || body === null) return { values: [], text: "" }
  if (typeof body === "object" && !(body instanceof Uint8Array)) return { values: [body as Json], text: "" }
  const text = (body instanceof Uint8Array ? new TextDecoder().decode(body) : String(body)).slice(0, maxText).trim()
  if (text === "") return { values: [], text: "" }
  try {
    return { values: [JSON.parse(text) as Json], text: "" }
  } catch {
    return { values: [], text }
  }
}
