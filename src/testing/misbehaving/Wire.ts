/**
 * What a dialect has to say to be spoken by the provider. One file for each: OpenAiChat, Anthropic, Gemini and the others.
 */
import * as Predicate from "effect/Predicate"
import type { Particulars, Problem } from "./Problem.js"
import type { Answer, Dialect, ProviderRequest, ToolOffer } from "./Reply.js"

/**
 * A part of a stream. `content` is what a user reads; `finish` tells why the model stopped; `end` is the end marker.
 *
 * @internal
 */
export interface Frame {
  readonly role: "opening" | "content" | "closing" | "finish" | "end"
  readonly text: string
}

/** Why a request cannot be read. @internal */
export interface Complaint {
  readonly message: string
  readonly param: string
}

/** @internal */
export type Body = Readonly<Record<string, unknown>>

/** @internal */
export interface Wire {
  readonly dialect: Dialect
  readonly read: (body: Body, path: string) => ProviderRequest | Complaint
  /** The content type of a stream, where it is none of server-sent events. */
  readonly streamType?: string
  /** How the text of a frame becomes bytes, where a frame is none of text. Default: as UTF-8. */
  readonly streamEncoding?: "latin1"
  /** A part of a stream that cannot be read. Default: an event that is no JSON. */
  readonly malformed?: string
  /** Where the id of a request stands. */
  readonly requestIdHeader: string
  readonly plain: (answer: Answer) => unknown
  readonly stream: (answer: Answer) => ReadonlyArray<Frame>
  readonly problem: (
    problem: Problem,
    about: Particulars & { readonly requestId: string }
  ) => {
    readonly status: number
    readonly body: unknown
    readonly headers?: Readonly<Record<string, string>>
  }
  /** The error in the middle of a stream of which `sent` frames went out. */
  readonly problemInStream: (
    problem: Problem,
    about: Particulars & {
      readonly requestId: string
      readonly sent: number
      readonly answer: Answer
      readonly envelope: "flat" | "nested"
    }
  ) => string
  readonly keepAlive: string
}

/** @internal */
export const isBody = (u: unknown): u is Body => Predicate.isRecord(u)

/** @internal */
export const bodyOf = (u: unknown): Body => (isBody(u) ? u : {})

/** @internal */
export const listOf = (u: unknown): ReadonlyArray<Body> => (Array.isArray(u) ? u.filter(isBody) : [])

/** @internal */
export const stringOf = (u: unknown): string | undefined => (Predicate.isString(u) ? u : undefined)

/** @internal */
export const isComplaint = (read: ProviderRequest | Complaint): read is Complaint => "param" in read

/** All texts of a message, whatever shape its content has. @internal */
export const textOf = (u: unknown): string => {
  if (Predicate.isString(u)) return u
  if (Array.isArray(u))
    return u
      .map(textOf)
      .filter((text) => text !== "")
      .join("\n")
  if (isBody(u)) return textOf(u.text ?? u.content ?? u.output ?? "")
  return ""
}

/** What every dialect reads the same way. @internal */
export const readModel = (body: Body): string | Complaint => {
  if (body.model === undefined) return { message: "you must provide a model parameter", param: "model" }
  if (!Predicate.isString(body.model) || body.model === "") {
    return { message: "Invalid type for 'model': expected a string that is not empty.", param: "model" }
  }
  if (body.stream !== undefined && body.stream !== null && !Predicate.isBoolean(body.stream)) {
    return { message: "Invalid type for 'stream': expected a boolean.", param: "stream" }
  }
  return body.model
}

/** @internal */
export const isMessages = (u: unknown): u is ReadonlyArray<Body> => Array.isArray(u) && u.length > 0 && u.every(isBody)

/** @internal */
export const offer = (name: unknown, schema: unknown): ReadonlyArray<ToolOffer> =>
  Predicate.isString(name) ? [{ name, schema }] : []

/** @internal */
export const dataEvent = (data: unknown): string => `data: ${JSON.stringify(data)}\n\n`

/** @internal */
export const namedEvent = (data: Body & { readonly type: string }): string => `event: ${data.type}\n${dataEvent(data)}`
