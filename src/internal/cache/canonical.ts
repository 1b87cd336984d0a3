/**
 * One text for one content, whatever the order of its fields and whoever writes it: the same in every process.
 *
 * @internal
 */
import * as Redacted from "effect/Redacted"
import { invalid } from "../options/check.js"
import { sha256 } from "./sha256.js"

/** Never part of a key, at the top of a request: what says who asks and how it is sent, and not what is asked. */
const transport = /^(?:api_?key|authorization|headers|signal|abort_?signal|timeout|max_?retries|fetch|base_?url)$/i

/** @internal */
export const canonical = (request: unknown, leaveOut: ReadonlyArray<string>): string => {
  const isLeftOut = (field: string): boolean => leaveOut.includes(field) || transport.test(field)
  return written(request, [], isLeftOut) ?? "null"
}

const none = (): boolean => false

/** JSON with sorted fields. What JSON has no word for is left out, as it leaves out `undefined`. */
const written = (
  value: unknown,
  path: ReadonlyArray<unknown>,
  isLeftOut: (field: string) => boolean = none
): string | undefined => {
  if (value === null) return "null"
  switch (typeof value) {
    case "string":
      return JSON.stringify(value)
    case "boolean":
      return String(value)
    case "number":
      return Number.isFinite(value) ? String(value) : JSON.stringify({ number: String(value) })
    case "bigint":
      return JSON.stringify({ bigint: String(value) })
    case "object":
      return writtenObject(value, path, isLeftOut)
    default:
      return undefined
  }
}

const writtenObject = (
  value: object,
  path: ReadonlyArray<unknown>,
  isLeftOut: (field: string) => boolean
): string | undefined => {
  if (path.includes(value)) throw invalid("ResponseCache", "the key", "within itself", "a request without cycles")
  if (Redacted.isRedacted(value)) return undefined
  const within = [...path, value]
  if (ArrayBuffer.isView(value)) {
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    return JSON.stringify({ bytes: sha256(bytes) })
  }
  if (Array.isArray(value)) return `[${value.map((item) => written(item, within) ?? "null").join()}]`
  if (value instanceof Map) return `{"map":${written(Object.fromEntries(value), within)}}`
  if (value instanceof Set)
    return `{"set":[${[...value]
      .map((item) => written(item, within) ?? "null")
      .sort()
      .join()}]}`
  if ("toJSON" in value && typeof value.toJSON === "function") return written(value.toJSON(), within, isLeftOut)
  const fields = Object.keys(value)
    .filter((field) => !isLeftOut(field))
    .sort()
    .flatMap((field) => {
      const text = written((value as Readonly<Record<string, unknown>>)[field], within)
      return text === undefined ? [] : [`${JSON.stringify(field)}:${text}`]
    })
  return `{${fields.join()}}`
}
