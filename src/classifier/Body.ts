/**
 * A body becomes values and text, however it was sent: JSON, JSON inside a string, several values one after the other
 * (server-sent events, NDJSON), a Python representation, markup, or noise.
 *
 * Everything here is linear in what it looks at, and it looks at no more than the beginning and the end of a body.
 */

import * as Foreign from "../internal/errors/safeRead.js"
import { names } from "./Names.js"
import type { Json } from "./Said.js"

/** @internal */
export interface Parsed {
  /** Everything in the body that is data. */
  readonly values: ReadonlyArray<Json>
  /** What is left of it, as text without markup. */
  readonly text: string
}

const head = 65_536
const tail = 16_384
const maxValues = 64
const maxDepth = 48
/** More parts than are ever looked at. */
const maxParts = 2_500

const nothing: Parsed = { values: [], text: "" }

/** @internal */
export const parse = (body: unknown): Parsed => {
  if (typeof body === "string") return parseText(clip(body))
  const bytes = Foreign.bytesOf(body)
  if (bytes !== undefined) return parseText(decode(bytes))
  if (typeof body === "object" && body !== null) return { values: [Foreign.snapshot(body, names) as Json], text: "" }
  return typeof body === "number" ? { values: [], text: String(body) } : nothing
}

const clip = (text: string): string =>
  text.length <= head + tail ? text : `${text.slice(0, head)}\n${text.slice(text.length - tail)}`

const decode = (bytes: Uint8Array): string => {
  const decoder = new TextDecoder()
  return bytes.length <= head + tail
    ? decoder.decode(bytes)
    : `${decoder.decode(bytes.subarray(0, head))}\n${decoder.decode(bytes.subarray(bytes.length - tail))}`
}

const parseText = (raw: string): Parsed => {
  const text = raw.replaceAll("\u0000", "").trim()
  if (text === "") return nothing
  const strict = parseStrict(text)
  if (typeof strict === "string") return parseText(strict)
  if (strict !== undefined) return { values: [strict], text: "" }
  return text.startsWith("<") ? { values: [], text: withoutMarkup(text) } : parseMixed(text)
}

const parseStrict = (text: string): Json | undefined => {
  if (!'{["'.includes(text.charAt(0))) return undefined
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

/**
 * Text that may hold data: everything from a bracket to its end is read as a value, the rest stays text.
 *
 * @internal
 */
export const parseMixed = (text: string): Parsed => {
  const source = isEscaped(text) ? text.replaceAll('\\"', '"') : text
  const values: Array<Json> = []
  let rest = ""
  let at = 0
  let parts = 0
  while (at < source.length) {
    const open = nextBracket(source, at)
    rest += source.slice(at, open)
    if (open === source.length || values.length === maxValues) break
    const reader = new Tolerant(source, open, parts)
    const value = reader.value(0)
    if (isStructure(value)) values.push(value)
    else rest += source.slice(open, reader.at)
    at = reader.at
    parts = reader.parts
  }
  return { values, text: /[\p{L}\p{N}]/u.test(rest) ? rest.trim() : "" }
}

/** The first object in it is written as it would stand inside a string. */
const isEscaped = (text: string): boolean => {
  const escaped = text.indexOf('{\\"')
  const plain = text.indexOf('{"')
  return escaped !== -1 && (plain === -1 || escaped < plain)
}

const nextBracket = (text: string, from: number): number => {
  for (let i = from; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === 123 || c === 91) return i
  }
  return text.length
}

const isStructure = (value: Json): boolean =>
  Array.isArray(value)
    ? value.some((item) => typeof item === "object" && item !== null)
    : typeof value === "object" && value !== null && Object.keys(value).length > 0

/**
 * Reads JSON and what people send in its place: single quotes, `None`, `True`, stray commas, bare words, quotes inside
 * strings, an end that is missing. It never fails, and every step moves forward.
 */
class Tolerant {
  constructor(
    readonly text: string,
    public at: number,
    public parts: number
  ) {}

  value(depth: number): Json {
    if (this.parts++ > maxParts) this.at = this.text.length
    this.space()
    const c = this.text.charAt(this.at)
    if (c === "{") return this.object(depth)
    if (c === "[" || c === "(") return this.array(depth)
    if (c === '"' || c === "'") return this.quoted()
    return this.word()
  }

  object(depth: number): Json {
    this.at++
    const found: Record<string, Json> = {}
    if (depth > maxDepth) return found
    while (this.at < this.text.length) {
      this.space()
      const c = this.text.charAt(this.at)
      if (c === "}") {
        this.at++
        return found
      }
      const start = this.at
      const key = c === '"' || c === "'" ? this.quoted() : this.word()
      this.space()
      if (this.text.charAt(this.at) === ":") {
        this.at++
        const value = this.value(depth + 1)
        if (key !== null && typeof key !== "object") define(found, String(key), value)
      } else if (this.at === start) this.at++
    }
    return found
  }

  array(depth: number): Json {
    this.at++
    const found: Array<Json> = []
    if (depth > maxDepth) return found
    while (this.at < this.text.length) {
      this.space()
      const c = this.text.charAt(this.at)
      if (c === "]" || c === ")") {
        this.at++
        return found
      }
      const start = this.at
      const value = this.value(depth + 1)
      if (this.at === start) this.at++
      else found.push(value)
    }
    return found
  }

  /** A quote ends a string only where something follows that may follow a string. */
  quoted(): string {
    const quote = this.text.charAt(this.at)
    let read = ""
    let from = ++this.at
    while (this.at < this.text.length) {
      const c = this.text.charAt(this.at)
      if (c === "\\") {
        read += this.text.slice(from, this.at) + this.escaped()
        from = this.at
      } else if (c === quote && this.ends(this.at + 1)) {
        read += this.text.slice(from, this.at++)
        return read
      } else this.at++
    }
    return read + this.text.slice(from)
  }

  ends(at: number): boolean {
    let i = at
    while (i < at + 16 && isSpace(this.text.charCodeAt(i))) i++
    return i >= this.text.length || ",:}])".includes(this.text.charAt(i))
  }

  escaped(): string {
    const c = this.text.charAt(this.at + 1)
    const digits = c === "u" ? 4 : c === "x" ? 2 : 0
    const code = digits === 0 ? "" : this.text.slice(this.at + 2, this.at + 2 + digits)
    this.at += 2 + code.length
    if (/^[\da-f]{2,4}$/i.test(code)) return String.fromCharCode(Number.parseInt(code, 16))
    return c === "n" ? "\n" : c === "t" ? "\t" : c === "r" ? "" : c
  }

  word(): Json {
    const start = this.at
    while (this.at < this.text.length && isWord(this.text.charCodeAt(this.at))) this.at++
    const word = this.text.slice(start, this.at)
    const next = this.text.charAt(this.at)
    if (word.length === 1 && "bru".includes(word) && (next === '"' || next === "'")) return this.quoted()
    if (word === "" || /^(?:null|none|nan|undefined)$/i.test(word)) return null
    if (/^(?:true|false)$/i.test(word)) return word.toLowerCase() === "true"
    return /^-?\d{1,15}(?:\.\d{1,15})?$/.test(word) ? Number(word) : word
  }

  space(): void {
    while (this.at < this.text.length) {
      const c = this.text.charCodeAt(this.at)
      if (!isSpace(c) && c !== 44) return
      this.at++
    }
  }
}

const define = (found: Record<string, Json>, key: string, value: Json): void => {
  if (key !== "__proto__") found[key] = value
  else Object.defineProperty(found, key, { value, enumerable: true, configurable: true, writable: true })
}

const isSpace = (c: number): boolean => c === 32 || (c >= 9 && c <= 13) || c === 160

/** Letters, digits, and `_ . + -`. */
const isWord = (c: number): boolean =>
  (c >= 48 && c <= 57) || (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || c === 95 || c === 46 || c === 43 || c === 45

const maxMarkup = 65_536
const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', nbsp: " ", "#39": "'" }

/**
 * What a person would read of html or xml.
 *
 * @internal
 */
export const withoutMarkup = (html: string): string => {
  const source = html.slice(0, maxMarkup)
  let text = ""
  let at = 0
  while (at < source.length) {
    const open = source.indexOf("<", at)
    if (open === -1) break
    text += `${source.slice(at, open)} `
    const hidden = ["script", "style", "!--"].find(
      (name) => source.substr(open + 1, name.length).toLowerCase() === name
    )
    const close = hidden === "!--" ? "-->" : hidden === undefined ? ">" : `</${hidden}>`
    const end = source.indexOf(close, open)
    if (end === -1) return text.trim()
    at = end + close.length
  }
  return (text + source.slice(at))
    .replace(/&(#?\w{1,6});/g, (whole, name: string) => entities[name] ?? whole)
    .replace(/\s+/g, " ")
    .trim()
}
