/**
 * From what was seen to what is written: without secrets, or not at all.
 */
import { Buffer } from "node:buffer"
import * as Predicate from "effect/Predicate"
import type { Draft, Sent } from "./capture.js"
import { type Asked, bytesOf, type Exchange, jsonOf, piece } from "./format.js"
import { addressOf } from "./match.js"
import type { Redactor } from "./redact.js"

/** @internal */
export const learn = (redactor: Redactor, drafts: ReadonlyArray<Draft>): void => {
  for (const { head, sent } of drafts) {
    redactor.learnFrom(sent.headers)
    if (head !== undefined) redactor.learnFrom(head.headers)
  }
}

/** A request as it stands in the file, so that one of another day can be compared with it. @internal */
export const askedOf = (redactor: Redactor, { body, headers, method, url }: Sent): Asked => {
  const boundary = /boundary="?([^";]+)/.exec(headers.get("content-type") ?? "")?.[1]
  const plain = Buffer.from(body).toString("latin1")
  const text = Buffer.from(
    redactor.text(boundary === undefined ? plain : plain.replaceAll(boundary, "boundary")),
    "latin1"
  )
  const kept = redactor.requestHeaders(headers)
  if (boundary !== undefined) kept["content-type"] = kept["content-type"]!.replace(boundary, "boundary")
  const asked = { method, url: redactor.text(addressOf(url)), headers: kept }
  if (text.length === 0) return asked
  const utf8 = text.toString("utf8")
  const readable = Buffer.from(utf8).equals(text) ? (jsonOf(utf8)?.value ?? utf8) : { base64: text.toString("base64") }
  return { ...asked, body: readable }
}

/** @internal */
export const exchangeOf = (redactor: Redactor, draft: Draft): Exchange => {
  const request = askedOf(redactor, draft.sent)
  const { failed, head } = draft
  if (head === undefined) {
    const at = failed?.at ?? draft.left?.at ?? draft.at
    const after = millis(at - draft.at)
    if (failed === undefined) return { request, response: { _tag: "Left", after } }
    return { request, response: { _tag: "Failed", after, error: plainError(redactor, failed.error) } }
  }
  const texts = redactor.pieces(draft.pieces.map(({ bytes }) => bytes.toString("latin1")))
  let before = head.at
  const body = draft.pieces.map(({ at }, i) => {
    const after = millis(at - before)
    before = at
    return piece(after, Buffer.from(texts[i]!, "latin1"), texts.length === 1)
  })
  const end = draft.end ?? "left"
  return {
    request,
    response: {
      _tag: "Answered",
      after: millis(head.at - draft.at),
      status: head.status,
      headers: redactor.responseHeaders(head.headers),
      body,
      end: typeof end === "string" ? end : { after: millis(end.after), error: plainError(redactor, end.error) }
    }
  }
}

const millis = (wait: number): number => Math.max(0, Math.round(wait))

const plainError = <E extends { readonly message: string; readonly cause?: E | undefined }>(
  redactor: Redactor,
  error: E
): E => ({
  ...error,
  message: redactor.text(error.message),
  ...(error.cause !== undefined && { cause: plainError(redactor, error.cause) })
})

/** Where something stands that looks like a secret: looked for in what is written, and in what its pieces say together. @internal */
export const suspectIn = (
  redactor: Redactor,
  exchange: Exchange
): { readonly where: string; readonly after: string } | undefined => {
  const { request, response } = exchange
  const texts: Array<readonly [where: string, text: string]> = [
    ["the address", request.url],
    ["a header of the request", lines(request.headers)],
    ["the body of the request", textOf(request.body)]
  ]
  texts.push(["the request, put together", joined([request.body])])
  if (response._tag === "Failed") texts.push(["the error", JSON.stringify(response.error)])
  if (response._tag === "Answered") {
    const body = Buffer.concat(response.body.map(bytesOf)).toString("latin1")
    texts.push(["a header of the response", lines(response.headers)], ["the body of the response", body])
    texts.push(["the response, put together", joined(valuesIn(body))], ["the end", JSON.stringify(response.end)])
  }
  for (const [where, text] of texts) {
    const after = redactor.secretIn(text)
    if (after !== undefined) return { where, after }
  }
  return undefined
}

const lines = (headers: Readonly<Record<string, string>>): string =>
  Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join("\n")

const textOf = (body: unknown): string => (typeof body === "string" ? body : (JSON.stringify(body) ?? ""))

/** What the events of a stream say, or the body as a whole. */
const valuesIn = (body: string): ReadonlyArray<unknown> =>
  body.split(/\r?\n/).flatMap((line) => {
    const json = jsonOf(line.replace(/^data: ?/, ""))
    return json === undefined ? [] : [json.value]
  })

/** The texts that stand at the same place in one value after the other, as one: a key may come in pieces. */
const joined = (values: ReadonlyArray<unknown>): string => {
  const byPlace = new Map<string, string>()
  const walk = (place: string, value: unknown): void => {
    if (typeof value === "string") byPlace.set(place, (byPlace.get(place) ?? "") + value)
    else if (Array.isArray(value)) for (const one of value) walk(place, one)
    else if (Predicate.isRecord(value)) for (const [name, one] of Object.entries(value)) walk(`${place}.${name}`, one)
  }
  for (const value of values) walk("", value)
  return [...byPlace.values()].join("\n")
}
