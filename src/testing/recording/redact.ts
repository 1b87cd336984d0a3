/**
 * What must not reach a file: keys, organisations and cookies. What a request sent as its credential is looked for
 * everywhere else too, in every form that it may take.
 */
import { Buffer } from "node:buffer"
import * as Redacted from "effect/Redacted"
import { isCredential } from "../../http/internal/outgoing.js"

/** @internal */
export const removed = "[removed]"

/** Requests are recognised by their address and body; these only help a person who reads the file. */
const requestHeaders = /^(?:accept|content-type|anthropic-version|anthropic-beta|openai-beta)$/

/** What was true of the bytes on their way, and is not of those in the file. */
const transport = /^(?:content-encoding|content-length|transfer-encoding|connection|keep-alive|set-cookie)$/

const tellsWho = /^(?:set-cookie|cookie)$|organi[sz]ation|project|account|tenant|workspace|customer|session|(?:^|-)user/

/** What stands before a credential in a header, whatever its name. */
const scheme = /^(?:Bearer|Basic|Token) +/i

/** A key that stands alone stands where the name does. */
const passwordOf = (basic: string): string => {
  const [name = "", password = ""] = Buffer.from(basic.replace(scheme, ""), "base64").toString("utf8").split(/:(.*)/s)
  return password === "" ? name : password
}

/** The names that a secret has in JSON, in a form or in an address. */
const secretName =
  "(?:x[_-])?api[_-]?key|apikey|access[_-]?token|refresh[_-]?token|id[_-]?token|auth[_-]?token|session[_-]?(?:token|id)|" +
  "client[_-]?(?:secret|assertion)|assertion|secret(?:[_-]?(?:access)?[_-]?key)?|password|passwd|authorization|credentials?|private[_-]?key|" +
  "cookie|organi[sz]ation(?:[_-]?id)?|org[_-]?id|project[_-]?id|account[_-]?id|workspace[_-]?id|tenant[_-]?id"

const forms: ReadonlyArray<RegExp> = [
  /\b(?:sk|pk|rk|csk|lsv2|key)-[A-Za-z0-9_*-]{8,}/g,
  /\b(?:gsk|hf|r8|fw|tgp|nvapi|xai|pplx|gh[pousr]|github_pat|glpat|dop|npm)[_-][A-Za-z0-9_-]{16,}/g,
  /\bxox[abeprs]-[A-Za-z0-9-]{10,}/g,
  /\bAIza[\w-]{20,}/g,
  /\b(?:AKIA|ASIA)[0-9A-Z]{12,}/g,
  /\bya29\.[\w-]{16,}/g,
  /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}/g,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /\b(?:Bearer|Basic) +[\w.~+/=-]{8,}/gi,
  /\b(?:org|proj|acct|user)[-_](?=[a-z]*[A-Z0-9])[A-Za-z0-9]{6,}/g
]

/** Only what is captured is the secret. */
const named: ReadonlyArray<RegExp> = [
  new RegExp(`\\\\*"(?:${secretName})\\\\*"\\s*:\\s*\\\\*"([^"\\\\]+)`, "gi"),
  new RegExp(`(?:^|[?&\\s])(?:key|sig|signature|token|x-amz-[a-z-]+|${secretName})=([^&\\s"#]+)`, "gi"),
  // A part of a form.
  new RegExp(`name=\\\\*"(?:key|token|${secretName})\\\\*"(?:\\r\\n[^\\r\\n]+)*\\r\\n\\r\\n([^\\r\\n]+)`, "gi"),
  /:\/\/([^/\s:@"]+:[^/\s@"]+)@/g
]

/** What is named as a secret is, and looks like one: kept out by refusing to write, as nobody knows what it is. */
const suspicious =
  /(?:key|secret|token|passw|credential|auth|cookie|session)[\w-]{0,20}\\*"?\s{0,3}[:=]\s{0,3}\\*"?([\w+/=.~-]{20,})/gi

/** @internal */
export interface Settings {
  /** What else is one. */
  readonly secrets: ReadonlyArray<string | RegExp | Redacted.Redacted<string>>
  /** What looks like a secret, and is none. */
  readonly allow: ReadonlyArray<RegExp>
}

/** From where to where something stands in a text. */
type Span = readonly [from: number, to: number]

/** Texts are those of bytes, one character each (`latin1`), so that cuts within characters stay where they were. @internal */
export class Redactor {
  private readonly literals = new Map<string, RegExp>()
  private readonly patterns: ReadonlyArray<RegExp>

  constructor(private readonly settings: Settings) {
    const own: Array<RegExp> = []
    for (const secret of settings.secrets) {
      if (secret instanceof RegExp) own.push(new RegExp(secret.source, `${secret.flags.replace("g", "")}g`))
      else this.learn(typeof secret === "string" ? secret : Redacted.value(secret))
    }
    this.patterns = [...own, ...forms]
  }

  /** From now on this value is a secret, as it is and as it is written in JSON, in addresses, in hexadecimal and in base64. */
  learn(secret: string): void {
    const value = secret.replace(scheme, "").trim()
    if (value.length < 4 || value === removed) return
    const hex = Buffer.from(value).toString("hex")
    const forms = [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value), hex, hex.toUpperCase()]
    for (const form of [...forms, ...base64(value)]) {
      // A short one is looked for as a word: "test" is a part of too much else.
      const literal = escaped(Buffer.from(form).toString("latin1"))
      this.literals.set(form, new RegExp(value.length < 8 ? `(?<!\\w)${literal}(?!\\w)` : literal, "g"))
    }
  }

  learnFrom(headers: Headers): void {
    headers.forEach((value, name) => {
      if (name === "cookie" || name === "set-cookie") this.learnCookies(value)
      else if (isSecretHeader(name) || scheme.test(value)) {
        this.learn(value)
        if (/^Basic +/i.test(value)) this.learn(passwordOf(value))
      }
    })
  }

  private learnCookies(value: string): void {
    for (const [, cookie = ""] of value.matchAll(/(?:^|[;,]\s*)[^=;,\s]+=([^;,]*)/g)) {
      if (cookie.length >= 8) this.learn(cookie)
    }
  }

  requestHeaders(headers: Headers): Record<string, string> {
    return this.headers(headers, (name) => requestHeaders.test(name))
  }

  /** All but those of the connection: by many a provider is recognised by the name of a header. */
  responseHeaders(headers: Headers): Record<string, string> {
    const empty = headers.get("content-length") === "0"
    return this.headers(headers, (name) => !transport.test(name) || (empty && name === "content-length"))
  }

  private headers(headers: Headers, keep: (name: string) => boolean): Record<string, string> {
    const all: Array<[string, string]> = []
    headers.forEach((value, name) => {
      if (keep(name)) all.push([name, isSecretHeader(name) ? removed : this.text(value)])
    })
    return Object.fromEntries(all)
  }

  text(text: string): string {
    return this.pieces([text])[0]!
  }

  /** What came in pieces, each without its part of the secrets that stand in the whole. */
  pieces(pieces: ReadonlyArray<string>): ReadonlyArray<string> {
    const whole = pieces.join("")
    const spans = this.spans(whole)
    let at = 0
    return pieces.map((piece) => {
      const from = at
      at += piece.length
      return spans.length === 0 ? piece : without(whole, spans, from, at)
    })
  }

  private spans(text: string): ReadonlyArray<Span> {
    const spans: Array<Span> = []
    const add = (from: number, to: number): void => {
      const found = text.slice(from, to)
      if (found !== removed && !this.allowed(found)) spans.push([from, to])
    }
    for (const literal of this.literals.values()) {
      for (const { 0: found, index } of text.matchAll(literal)) add(index, index + found.length)
    }
    for (const pattern of this.patterns) {
      for (const { 0: found, index } of text.matchAll(pattern)) add(index, index + found.length)
    }
    for (const pattern of named) {
      for (const { 0: found, 1: secret = "", index } of text.matchAll(pattern)) {
        const from = index + found.lastIndexOf(secret)
        add(from, from + secret.length)
      }
    }
    return merged(spans)
  }

  private allowed(found: string): boolean {
    return this.settings.allow.some((pattern) => new RegExp(pattern.source, pattern.flags.replace("g", "")).test(found))
  }

  /** The first thing in a text that should not be in a file: a few characters of what stands before it. */
  secretIn(text: string): string | undefined {
    const [first] = this.spans(text)
    if (first !== undefined) return text.slice(Math.max(0, first[0] - 30), first[0])
    for (const { 0: found, 1: value = "", index } of text.matchAll(suspicious)) {
      if (bits(value) > 3.4 && /\d/.test(value) && /[A-Za-z]/.test(value) && !this.allowed(value)) {
        return text.slice(Math.max(0, index - 10), index + found.lastIndexOf(value))
      }
    }
    return undefined
  }
}

const isSecretHeader = (name: string): boolean =>
  tellsWho.test(name) || (isCredential(name) && !/rate-?limit/.test(name))

/** As it is spelled wherever it stands in what was encoded, of which the neighbours decide the outermost characters. */
const base64 = (value: string): ReadonlyArray<string> =>
  [0, 1, 2].flatMap((offset) => {
    const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(value)])
    const whole = bytes.toString("base64").replace(/=+$/, "")
    const spelled = whole.slice([0, 2, 3][offset], bytes.length % 3 === 0 ? undefined : -1)
    return spelled.length < 6 ? [] : [...new Set([spelled, spelled.replaceAll("+", "-").replaceAll("/", "_")])]
  })

const escaped = (literal: string): string => literal.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&")

const merged = (spans: Array<Span>): ReadonlyArray<Span> => {
  const all: Array<Span> = []
  for (const [from, to] of spans.sort((a, b) => a[0] - b[0])) {
    const last = all.at(-1)
    if (last !== undefined && from <= last[1]) all[all.length - 1] = [last[0], Math.max(last[1], to)]
    else all.push([from, to])
  }
  return all
}

const without = (text: string, spans: ReadonlyArray<Span>, from: number, to: number): string => {
  let kept = ""
  let at = from
  for (const [start, end] of spans) {
    if (end <= from || start >= to) continue
    kept += text.slice(at, Math.max(at, start))
    if (start >= from) kept += removed
    at = Math.min(end, to)
  }
  return kept + text.slice(at, to)
}

/** How much a character of it tells on average: about 4 for a key, less than 3.4 for words. */
const bits = (text: string): number => {
  const counts = new Map<string, number>()
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1)
  let sum = 0
  for (const count of counts.values()) sum -= (count / text.length) * Math.log2(count / text.length)
  return sum
}
