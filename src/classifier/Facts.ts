/**
 * What a response says, whatever its shape: its codes, types, details and words, gathered from wherever they stand in
 * the headers and the body.
 */
import { parse, parseMixed } from "./Body.js"
import { headersIn } from "./Headers.js"
import type { Facts, Json } from "./Said.js"

/**
 * Headers as any client has them: a record, a `Headers`, or pairs. Names in any case.
 *
 * @since 0.1.0
 * @category Models
 */
export type HeadersInput =
  | Readonly<Record<string, string | number | ReadonlyArray<string> | undefined>>
  | Iterable<readonly [string, string]>

const maxEntries = 2_000
const maxDepth = 24
const maxNesting = 4
const maxWords = 6_144
const maxWord = 4_096
const maxField = 1_024

/** Fields that name the failure. */
const codeNames = new Set([
  ...["code", "errorcode", "status", "reason", "error", "innererrorcode", "errorname", "failurereason"],
  ...["statuscode", "errcode", "errno", "subcode"]
])
const typeNames = new Set(["type", "errortype", "error", "object", "exception"])
const statusNames = new Set([
  "code",
  "status",
  "statuscode",
  "httpstatus",
  "httpstatuscode",
  "rawstatuscode",
  "errorcode"
])
const wordNames = new Set([
  ...[
    "",
    "message",
    "error",
    "errors",
    "detail",
    "details",
    "msg",
    "title",
    "errormessage",
    "raw",
    "description",
    "reason"
  ],
  ...[
    "errordescription",
    "statusmessage",
    "statusmsg",
    "errormsg",
    "errmsg",
    "errortext",
    "body",
    "response",
    "cause",
    "exception",
    "faultstring",
    "data"
  ]
])

/** Fields that quote the request or the model: what stands in them says nothing about the failure. */
const quoted = new Set([
  "input",
  "messages",
  "prompt",
  "failedgeneration",
  "request",
  "contents",
  "usage",
  "content",
  "ctx"
])

/** @internal */
export const normal = (name: string): string =>
  /[^a-z0-9]/.test(name) ? name.toLowerCase().replace(/[_\-@\s]/g, "") : name

const normalNames = new Map<string, string>()

/** The same of a name that some table asks for: those are few, and asked for at every failure. */
const wanted = (name: string): string => {
  const found = normalNames.get(name)
  if (found !== undefined) return found
  const made = normal(name)
  if (normalNames.size < 1_000) normalNames.set(name, made)
  return made
}

const identifier = /^[a-z][\w.:#-]{1,99}$/i
const embedded = /[\\"'](?:error|message|detail|code|msg|status)\\?["']\s{0,4}:/

/** @internal */
export const headersOf = (input: HeadersInput | undefined): ReadonlyMap<string, string> =>
  new Map(Object.entries(headersIn(input)))

/** @internal */
export const gather = (status: number, headers: ReadonlyMap<string, string>, body: unknown): Facts => {
  const gatherer = new Gatherer()
  const errorType = headers.get("x-amzn-errortype")
  if (errorType !== undefined) gatherer.name("type", errorType)
  const { values, text } = parse(body)
  for (const value of values) gatherer.visit("", value, 0, 0)
  if (text !== "") gatherer.text("", text, 0, 0)
  const message = gatherer.words.join("\n").slice(0, maxWords)
  const words = plain(message)
  const fields = gatherer.fields
  let handedOn: ReadonlyMap<string, string> | undefined
  const ofFronts = (): ReadonlyMap<string, string> => {
    handedOn ??= withoutPrefix(headers)
    return handedOn
  }
  let named: ReadonlyMap<string, string> | undefined
  const headerNamed = (name: string): string | undefined => {
    named ??= new Map([...ofFronts(), ...headers].map(([name, value]) => [normal(name), value]))
    return named.get(name)
  }

  return {
    status: gatherer.stated?.status ?? status,
    codes: gatherer.codes,
    types: gatherer.types,
    spelling: gatherer.spelling,
    message,
    words,
    oversized: oversized(words),
    header: (name) => headers.get(name) ?? ofFronts().get(name),
    values: (name) => fields.get(wanted(name)) ?? none,
    has: (name, value) => {
      const plain = wanted(name)
      const header = headerNamed(plain)
      return (header !== undefined && value.test(header)) || (fields.get(plain) ?? none).some((v) => value.test(v))
    }
  }
}

const none: ReadonlyArray<string> = []

const prefix =
  /^(?:x-)?(?:llm[_-]?provider|upstream|provider|origin|litellm|portkey|helicone|gateway|proxy|ai-gateway)[_-](?=[a-z])/

/** The headers of the provider that a front hands on under a prefix of its own. */
const withoutPrefix = (headers: ReadonlyMap<string, string>): ReadonlyMap<string, string> => {
  const found = new Map<string, string>()
  for (const [name, value] of headers) {
    const own = name.replace(prefix, "")
    if (own !== name) found.set(own, value)
  }
  return found
}

/** On one line, in lower case and without addresses. @internal */
export const plain = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[\u2018\u2019]/g, "'")
    .replace(/https?:\/\/\S+/g, " ")
    .replace(/\s+/g, " ")
    .trim()

const limitAndRequest =
  /limit(?: is|:)? (\d{1,12})(?: tokens)?[,;./ ]{1,3}(?:(?:used|current):? ~?\d{1,12}(?: tokens)?[,;./ ]{1,3})?requested:? ~?(\d{1,12})/

const oversized = (words: string): boolean => {
  if (!words.includes("requested")) return false
  const found = limitAndRequest.exec(words.replace(/(\d),(?=\d{3})/g, "$1"))
  return found !== null && Number(found[2]) > Number(found[1])
}

class Gatherer {
  readonly codes = new Set<string>()
  readonly types = new Set<string>()
  readonly spelling = new Map<string, string>()
  readonly words: Array<string> = []
  readonly fields = new Map<string, Array<string>>()
  stated: { readonly status: number; readonly nesting: number } | undefined
  entries = 0

  /** `nesting` counts the strings a value was unpacked from: the innermost is nearest to the cause. */
  visit(name: string, value: Json | undefined, depth: number, nesting: number): void {
    if (value === null || value === undefined || depth > maxDepth || this.entries > maxEntries) return
    if (quoted.has(name) && depth > 0) return
    this.entries++
    if (Array.isArray(value)) {
      for (const item of value) this.visit(name, item, depth + 1, nesting)
    } else if (typeof value === "object") {
      for (const key of Object.keys(value)) {
        this.visit(normal(key), (value as { readonly [key: string]: Json })[key], depth + 1, nesting)
      }
    } else this.scalar(name, value as string | number | boolean, depth, nesting)
  }

  scalar(name: string, value: string | number | boolean, depth: number, nesting: number): void {
    const text = typeof value === "string" ? value.trim() : String(value)
    this.note(name, text)
    if (typeof value === "boolean" || text === "") return
    if (statusNames.has(name) && /^[45]\d\d$/.test(text)) this.state(Number(text), nesting)
    const named = this.name(name, text)
    if (typeof value === "string" && !named && (wordNames.has(name) || codeNames.has(name) || embedded.test(text))) {
      this.text(name, text, depth, nesting)
    }
  }

  note(name: string, whole: string): void {
    const text = whole.slice(0, maxField)
    const values = this.fields.get(name)
    if (values === undefined) this.fields.set(name, [text])
    else values.push(text)
  }

  state(status: number, nesting: number): void {
    if (this.stated === undefined || nesting > this.stated.nesting) this.stated = { status, nesting }
  }

  /** Notes what names the failure; `true` where there is nothing more to read in it. */
  name(name: string, text: string): boolean {
    const sent = text.length > 160 ? "" : text.slice(text.indexOf("#") + 1).replace(/:http.*$/i, "")
    const short = sent.toLowerCase()
    const isName = identifier.test(short)
    if (codeNames.has(name) && (isName || /^-?\d{3,7}$/.test(short))) this.codes.add(short)
    if (typeNames.has(name) && isName) this.types.add(short)
    if (isName) this.spelling.set(short, sent)
    return isName && (name === "type" || name === "code" || name === "object" || name === "status")
  }

  /** Words, and whatever data they quote. */
  text(name: string, text: string, depth: number, nesting: number): void {
    const bounded = text.length <= maxWord * 4 ? text : `${text.slice(0, maxWord * 3)} ${text.slice(-maxWord)}`
    if (nesting >= maxNesting || !embedded.test(bounded)) {
      this.words.push(bounded.slice(0, maxWord))
      return
    }
    const { values, text: around } = unpack(bounded)
    if (around !== "") this.words.push(around.slice(0, maxWord))
    for (const value of values) this.visit(name, value, depth + 1, nesting + 1)
  }
}

/** A string is first taken as what it may be as a whole, else searched for data. */
const unpack = (text: string): { readonly values: ReadonlyArray<Json>; readonly text: string } =>
  /^\s*["{[]/.test(text) ? parse(text) : parseMixed(text)
