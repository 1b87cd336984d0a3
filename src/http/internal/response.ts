/**
 * A response that should be a stream of events: its events, or why it is none.
 *
 * @internal
 */
import * as Option from "effect/Option"
import * as Classifier from "../../Classifier.js"
import { type LlmError, MalformedResponse } from "../../internal/errors/llmError.js"
import type { ServerSentEvent } from "../../StreamDialect.js"
import { Decoder, type DecoderOptions } from "./decoder.js"

/** What any client's response tells before its body. @internal */
export interface Head {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
}

/** Bodies that hold no events, whatever the status: a failure, a whole answer, the page of a proxy. */
const other = /^(?:application\/(?:[\w.-]+\+)?json|text\/html)\b/i

/** @internal */
export const holdsEvents = ({ headers, status }: Head): boolean =>
  status >= 200 && status < 300 && !other.test(headers["content-type"] ?? "")

/** Why a response holds no events, by its body. @internal */
export const failureOf = ({ headers, status }: Head, body: string, { provider, target }: DecoderOptions): LlmError => {
  const origin = { target, provider, status, headers, body }
  if (status < 200 || status >= 300) return Classifier.fromHttpResponse(origin)
  return Option.getOrElse(
    Classifier.fromFinishedResponse(origin),
    () =>
      new MalformedResponse({
        target,
        provider,
        status,
        message: `${target ?? "The provider"} answered with ${headers["content-type"]} where events were asked for`
      })
  )
}

/** The events of a response of `fetch`. Cancelling them cancels its body. @internal */
export const eventsOf = async (
  response: Response,
  options: DecoderOptions
): Promise<AsyncIterable<ServerSentEvent>> => {
  const head: Head = { status: response.status, headers: Object.fromEntries(response.headers) }
  // A body that breaks off leaves what the status and the headers say.
  if (!holdsEvents(head)) throw failureOf(head, await response.text().catch(() => ""), options)
  return eventsIn(response.body ?? new Blob().stream(), options)
}

/** @internal */
export const eventsIn = (
  bytes: ReadableStream<Uint8Array>,
  options: DecoderOptions
): AsyncIterable<ServerSentEvent> => {
  const decoder = new Decoder(options)
  const events = bytes.pipeThrough(
    new TransformStream<Uint8Array, ServerSentEvent>({
      transform: (chunk, controller) => {
        for (const event of decoder.feed(chunk)) controller.enqueue(event)
      },
      flush: (controller) => {
        for (const event of decoder.end()) controller.enqueue(event)
      }
    })
  )
  // Every runtime iterates it, and the types of the platforms do not all say so.
  return events as ReadableStream<ServerSentEvent> & AsyncIterable<ServerSentEvent>
}
