/**
 * One call under way: what is known of it, and how its response begins.
 */
import { Buffer } from "node:buffer"
import type * as Effect from "effect/Effect"
import type { Responding } from "./Exchange.js"
import type * as Reply from "./Reply.js"
import type { Wire } from "./Wire.js"
import type { Pause } from "./waits.js"

/** Everything a step needs to know about the call it is for. @internal */
export interface Call {
  readonly exchange: Responding
  readonly wire: Wire
  readonly request: Reply.ProviderRequest
  readonly index: number
  readonly requestId: string
  /** In seconds, as the providers give it. */
  readonly created: number
  readonly reply: () => Reply.Reply
  /** Where the chance for cuts anywhere comes from. */
  readonly seed: string | number
  readonly pause: Pause
}

/** @internal */
export interface Heading {
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** @internal */
export const answerType = (call: Call): string =>
  call.request.streaming ? (call.wire.streamType ?? "text/event-stream; charset=utf-8") : "application/json"

const headers = (
  { requestId, wire }: Call,
  step: Heading,
  contentType: string,
  more: Readonly<Record<string, string>>
): Readonly<Record<string, string>> => ({
  "content-type": contentType,
  [wire.requestIdHeader]: requestId,
  ...more,
  ...Object.fromEntries(Object.entries(step.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]))
})

/** @internal */
export const head = (
  call: Call,
  step: Heading,
  status: number,
  contentType: string,
  more: Readonly<Record<string, string>> = {}
): Effect.Effect<void> => call.exchange.writeHead(status, headers(call, step, contentType, more))

/** A response in one go. @internal */
export const whole = (
  call: Call,
  step: Heading,
  status: number,
  body: unknown,
  contentType: string = typeof body === "string" ? "text/plain" : "application/json",
  more: Readonly<Record<string, string>> = {}
): Effect.Effect<void> =>
  call.exchange.respond(
    status,
    headers(call, step, contentType, more),
    Buffer.from(typeof body === "string" ? body : JSON.stringify(body))
  )
