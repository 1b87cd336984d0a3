/**
 * What a client of `@effect/ai` fails with when its provider misbehaves.
 *
 * @internal
 */
import * as AiError from "@effect/ai/AiError"
import * as Option from "effect/Option"
import type * as ParseResult from "effect/ParseResult"
import { wrap } from "../../internal/errors/wrapped.js"
import type { LlmError } from "../../LlmError.js"
import { type Broken, brokenOff } from "../misbehaving/memory.js"

const module = "ScriptedModel"

const request = {
  method: "POST",
  url: "http://scripted.invalid",
  urlParams: [],
  hash: Option.none(),
  headers: {}
} as const

interface Response {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
}

/** The connection has broken before there was a response. @internal */
export const noResponse = (method: string, how: Broken): AiError.AiError =>
  new AiError.HttpRequestError({
    module,
    method,
    reason: "Transport",
    request,
    cause: new TypeError("fetch failed", { cause: brokenOff(how) })
  })

/** @internal */
export const refused = (method: string, { headers, status }: Response, body: string): AiError.AiError =>
  new AiError.HttpResponseError({
    module,
    method,
    reason: "StatusCode",
    request,
    response: { status, headers },
    body
  })

/** There was a response, and it cannot be read to its end. @internal */
export const unreadable = (method: string, { headers, status }: Response, description: string): AiError.AiError =>
  new AiError.HttpResponseError({
    module,
    method,
    reason: "Decode",
    request,
    response: { status, headers },
    description
  })

/** @internal */
export const noAnswer = (method: string, error: ParseResult.ParseError): AiError.AiError =>
  AiError.MalformedOutput.fromParseError({ module, method, error })

/** What the script wants the call to fail with. @internal */
export const asScripted = (method: string, error: LlmError): AiError.AiError =>
  wrap(new AiError.UnknownError({ module, method, description: error.message, cause: error }), error)
