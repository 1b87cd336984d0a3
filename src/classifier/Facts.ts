/**
 * What a response says, whatever its shape: its codes, types, details and words, gathered from wherever they stand in
 * the headers and the body.
 */
import { type Json, parse } from "./Body.js"

/** @internal */
export interface Facts {
  /** The status the body states in a field of its own, else that of the response. */
  readonly status: number
  /** In lower case. */
  readonly codes: ReadonlySet<string>
  /** In lower case. */
  readonly types: ReadonlySet<string>
  /** The words of the failure, in lower case and on one line. */
  readonly words: string
  /** The words as they were sent. */
  readonly message: string
  readonly header: (name: string) => string | undefined
  /** The values of a field, by its name wherever it stands; upper case, `_`, `-` and `@` do not count. */
  readonly values: (name: string) => ReadonlyArray<string>
  readonly has: (name: string, value: RegExp) => boolean
}

/**
 * Headers as any client has them.
 *
 * @since 0.1.0
 * @category Models
 */
export type HeadersInput =
  | Readonly<Record<string, string | number | ReadonlyArray<string> | undefined>>
  | Iterable<readonly [string, string]>

const maxEntries = 2_000
const maxDepth = 24
const maxWords = 8_192

/** Fields that name the failure. */
const codeNames = new Set(["code", "errorcode", "status", "reason", "errortype", "awserrortype", "error", "name"])
const typeNames = new Set(["type", "errortype", "error", "object"])
const wordNames = new Set([
  "message",
  "error",
  "detail",
  "details",
  "msg",
  "title",
  "errormessage",
  "raw",
  "description"
])

/** Fields that quote the request or the model: what stands in them says nothing about the failure. */
const quoted = new Set(["input", "messages", "prompt", "failedgeneration", "request", "contents", "usage"])

const normal = (name: string): string =>
  name
    .trim()
    .toLowerCase()
    .replace(/[_\-@. ]/g, "")

const identifier = /^[a-z][\w.:-]{1,79}$/i

/** @internal */
export const headersOf = (input: HeadersInput | undefined): ReadonlyMap<string, string> => {
  const headers = new Map<string, string>()
  if (input === undefined || input === null) return headers
  const entries = Symbol.iterator in input ? input : Object.entries(input)
  for (const [name, value] of entries as Iterable<readonly [string, unknown]>) {
    if (value === undefined || value === null) continue
    headers.set(String(name).toLowerCase(), (Array.isArray(value) ? value.join(", ") : String(value)).trim())
  }
  return headers
}

/** @internal */
export const gather = (status: number, headers: ReadonlyMap<string, string>, body: unknown): Facts => {
  const codes = new Set<string>()
  const types = new Set<string>()
  const words: Array<string> = []
  const fields = new Map<string, Array<string>>()
  let stated: number | undefined
  let entries = 0

  const note = (name: string, value: string): void => {
    const values = fields.get(name)
    if (values === undefined) fields.set(name, [value])
    else values.push(value)
  }

  const visit = (name: string, value: Json, depth: number): void => {
    if (entries++ > maxEntries || depth > maxDepth || quoted.has(name) || value === null) return
    if (typeof value === "object") {
      if (Array.isArray(value)) for (const item of value) visit(name, item, depth + 1)
      else for (const [key, item] of Object.entries(value)) visit(normal(key), item, depth + 1)
      return
    }
    const text = String(value)
    note(name, text)
    if (typeof value === "boolean") return
    const asNumber = /^[45]\d\d$/.test(text) ? Number(text) : undefined
    if (asNumber !== undefined && (name === "code" || name === "status" || name === "statuscode")) stated ??= asNumber
    const short = text.trim()
    if (codeNames.has(name) && (identifier.test(short) || /^\d{3,6}$/.test(short))) codes.add(short.toLowerCase())
    if (typeNames.has(name) && identifier.test(short)) types.add(short.toLowerCase())
    if (wordNames.has(name) && typeof value === "string") words.push(text)
  }

  for (const [name, value] of headers) note(normal(name), value)
  const { values, text } = parse(body)
  for (const value of values) visit("", value, 0)
  if (text !== "") words.push(text)
  const message = words.join("\n").slice(0, maxWords)

  return {
    status: stated ?? status,
    codes,
    types,
    message,
    words: message
      .toLowerCase()
      .replace(/[\u2018\u2019]/g, "'")
      .replace(/\s+/g, " ")
      .trim(),
    header: (name) => headers.get(name),
    values: (name) => fields.get(normal(name)) ?? [],
    has: (name, value) => (fields.get(normal(name)) ?? []).some((found) => value.test(found))
  }
}
