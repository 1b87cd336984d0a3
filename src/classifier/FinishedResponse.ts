/**
 * A response that arrived whole and with a good status: is it an answer?
 */
import * as Option from "effect/Option"
import type { LlmError } from "../internal/errors/llmError.js"
import * as Foreign from "../internal/errors/safeRead.js"
import { answers, isAnswer, isOpaque, malformed, unwrapped } from "./Answers.js"
import { badEnding, noEnding } from "./Ending.js"
import { failureBody, fromErrorBody, isTooMuch, mostText, onlyWords, parsed } from "./ErrorBody.js"
import type { HeadersInput } from "./Facts.js"
import { ofCall } from "./Failures.js"
import { headersIn } from "./Headers.js"
import { meaningOf } from "./HttpResponse.js"
import { fromStreamEvent } from "./StreamEvent.js"
import { changed, known, type Origin, type Verdict } from "./Verdict.js"

/**
 * A response that arrived whole.
 *
 * @since 0.1.0
 * @category Models
 */
export interface FinishedResponse extends Origin {
  /** The body as text, as bytes, or already parsed. */
  readonly body: unknown
  readonly headers?: HeadersInput | undefined
  /** 200 unless said otherwise. */
  readonly status?: number | undefined
}

/** Some keep the line open with blank lines while a request waits for its turn, and in the end close it. */
const neverServed: Verdict = { is: "Overloaded" }

/** A body that is a stream kept whole: server-sent events, or JSON line by line. */
const isStreamText = /^\s*(?:(?:data|event|id|retry|error)?:|\{[^\n]{0,65536}\}\s*\n\s*\{)/

/** A failure stands at the beginning of a stream or at its end. */
const mostLines = 500

const linesOf = (text: string): ReadonlyArray<string> => {
  const lines = text.split("\n")
  return lines.length <= 2 * mostLines ? lines : [...lines.slice(0, mostLines), ...lines.slice(-mostLines)]
}

const inStream = (text: string, origin: Origin): Option.Option<LlmError> => {
  let event: string | undefined
  for (const line of linesOf(text)) {
    const at = line.trim()
    if (at === "") event = undefined
    else if (at.startsWith("event:")) event = at.slice(6).trim()
    else if (/^(?:data:|error:|\{)/.test(at)) {
      const found = fromStreamEvent({ ...origin, data: at.replace(/^data:\s*/, ""), event })
      if (Option.isSome(found)) return found
    }
  }
  return Option.none()
}

/** Bytes as text; of too many, as much as tells that they are too many. */
const textIn = (body: unknown): unknown => {
  const bytes = Foreign.bytesOf(body)
  return bytes === undefined ? body : new TextDecoder().decode(bytes.subarray(0, mostText + 4))
}

const isMarkup = (text: string): boolean => /^\s*</.test(text.slice(0, 1_000))

const isJsonType = /[/+](?:x-)?(?:json|ndjson|jsonl)\b/i

/** @internal */
export const fromFinishedResponse = (response: FinishedResponse): Option.Option<LlmError> => {
  const status = response.status ?? 200
  const found = (verdict: Verdict | undefined): Option.Option<LlmError> =>
    verdict === undefined ? Option.none() : Option.some(ofCall(verdict, response, response, status))
  const told = (body: unknown): Option.Option<LlmError> =>
    Option.some(fromErrorBody(body, response, { headers: response.headers, status, cause: response }))

  if (isOfNoText(response.body)) return isPacked(response) ? found(malformed) : Option.none()
  const text = textIn(response.body)
  // Too large to be read here: no failure is.
  if (typeof text === "string" && (text.length > mostText || (isTooMuch(text) && !isStreamText.test(text))))
    return isMarkup(text) ? found(malformed) : Option.none()
  const body = unwrapped(parsed(text))
  if (body === undefined || body === null || body === "") return found(malformed)
  if (typeof body === "string") {
    if (linesOf(body).every((line) => /^\s*(?::|$)/.test(line))) return found(neverServed)
    if (isStreamText.test(body)) return Option.map(inStream(body, response), (error) => changed(error, { status }))
    const type = contentType(response)
    const isProse = type !== "" && !isJsonType.test(type) && !/html/i.test(type) && !/^\s*</.test(body)
    return isProse ? Option.none() : found(malformed)
  }
  const error = failureBody(body)
  if (error !== undefined) return told(error)
  const words = onlyWords(body)
  if (words !== undefined) return saysNothingKnown(words, response) ? found(malformed) : told(words)
  for (const item of Foreign.isList(body) ? Foreign.items(body, 256) : [body]) {
    const verdict = badEnding(item) ?? badEnding(parsed(Foreign.get(item, "response", "body"))) ?? noEnding(item)
    if (verdict !== undefined) return found(verdict)
  }
  const answer = answers.find(({ recognise }) => recognise(body))
  return found(answer === undefined ? (isAnswer(body) ? undefined : malformed) : answer.lacks(body))
}

/** Words that no table knows are a failure of no kind, but no answer either. */
const saysNothingKnown = (words: unknown, origin: Origin): boolean =>
  meaningOf({ ...known(origin), status: 200, body: words }).is === "MalformedResponse"

const contentType = ({ headers }: FinishedResponse): string => headersIn(headers)["content-type"] ?? ""

/** Sound, a picture, or what somebody else reads. */
const isOfNoText = (body: unknown): boolean => {
  const bytes = Foreign.bytesOf(body)
  return bytes === undefined ? isOpaque(body) : bytes.subarray(0, 512).includes(0)
}

/** Bytes that are no text in the place of JSON, as of a server that compresses and does not say so. */
const isPacked = (response: FinishedResponse): boolean =>
  isJsonType.test(contentType(response)) && Foreign.bytesOf(response.body) !== undefined
