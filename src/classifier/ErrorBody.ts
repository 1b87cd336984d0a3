/**
 * Tells data that is a provider's error from any other, where no status does: in a stream, inside an SDK's error, in
 * what a schema rejected.
 */
import * as Foreign from "../internal/foreign.js"

const most = 262_144

/** JSON as data; text that is none stays text. */
export const parsed = (data: unknown): unknown => {
  if (typeof data !== "string") return data
  const text = data.trim()
  if (!/^[{["]/.test(text) || text.length > most) return data
  try {
    return JSON.parse(text)
  } catch {
    return data
  }
}

const filled = (value: unknown): boolean =>
  (typeof value === "string" && value.trim() !== "") || (Foreign.isObject(value) && typeof value !== "function")

/**
 * The error in a piece of data, as the body a response would have had, if there is one.
 *
 * @internal
 */
export const errorBody = (data: unknown): unknown => {
  const body = parsed(data)
  if (!Foreign.isObject(body)) return undefined
  for (const item of [...Foreign.items(body, 4), body]) {
    if (filled(Foreign.get(item, "error"))) return item
    if (Foreign.get(item, "object") === "error" || Foreign.get(item, "type") === "error") return item
    if (filled(Foreign.get(item, "response", "error"))) return Foreign.get(item, "response")
  }
  return undefined
}
