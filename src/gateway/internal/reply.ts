/**
 * Writing to the client: answers as they came, streams at its pace, and the gateway's own words.
 *
 * @internal
 */
import type { ServerResponse } from "node:http"
import type * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import type { Piece } from "../../http/internal/answerReader.js"
import type { Family } from "../../http/internal/apis.js"
import type { Begun, Failure } from "../../http/internal/attempts.js"
import { handAll } from "../../http/internal/handAll.js"
import type { Seen } from "../../http/internal/seen.js"
import { toClient } from "./headers.js"
import type { Destination } from "./routes.js"
import { bodyOf, type Problem } from "./server/problem.js"
import type { Used } from "./used.js"
import { WholeEvents } from "./wholeEvents.js"

/** What every answer says of itself. @internal */
export interface Mark {
  readonly requestId: string
  /** Who has answered; nothing for the gateway itself. */
  readonly from?: Destination | undefined
}

/** Of an answer of a model, which may be long. @internal */
export interface AnswerMark extends Mark {
  /** For how many milliseconds its client may take nothing of it. */
  readonly takeMillis: number
}

/** An answer, or a provider's own refusal, that has come whole. @internal */
export const whole = (response: ServerResponse, seen: Seen, mark: AnswerMark): void => {
  const { bytes, headOf } = seen
  mark.from?.upstream.hidden.in(bytes)
  response.writeHead(headOf.status, { ...headersOf(seen, mark), "content-length": bytes.length })
  response.end(bytes)
  if (response.writableLength > 0) bounded(response, mark.takeMillis)
}

/** A client that takes nothing for so long is taken for gone: what it was to get is in memory, or holds an upstream. */
const bounded = (response: ServerResponse, millis: number): void => {
  // Without a listener of its own, Node closes the connection.
  response.setTimeout(millis)
}

const headersOf = (seen: Seen, { from, requestId }: Mark): Record<string, string> => {
  const headers = toClient(seen.headOf.headers, from?.upstream.hidden)
  headers["x-request-id"] ??= requestId
  headers["x-effect-resilience-request-id"] = requestId
  if (from !== undefined) headers["x-effect-resilience-target"] = from.name
  return headers
}

/** The gateway's own answer. @internal */
export const problem = (response: ServerResponse, family: Family, problem: Problem, { requestId }: Mark): void => {
  if (response.headersSent) return
  const body = Buffer.from(JSON.stringify(bodyOf(family, problem, requestId)))
  response.writeHead(problem.status, {
    "content-type": "application/json",
    "content-length": body.length,
    "x-request-id": requestId,
    "x-effect-resilience-request-id": requestId,
    ...(problem.code !== undefined && { "x-effect-resilience": problem.code }),
    ...(problem.retryAfter !== undefined && { "retry-after": String(problem.retryAfter) }),
    ...(problem.allow !== undefined && { allow: problem.allow }),
    // The gateway has asked again already.
    "x-should-retry": "false"
  })
  response.end(body)
}

/** What is for nobody's model. @internal */
export const json = (response: ServerResponse, status: number, value: unknown): void => {
  const body = Buffer.from(JSON.stringify(value))
  response.writeHead(status, { "content-type": "application/json", "content-length": body.length })
  response.end(body)
}

/** A stream from its first pieces to its end. How it has failed is the caller's to tell. @internal */
export const streamed = <E>(
  response: ServerResponse,
  seen: Seen,
  mark: AnswerMark,
  begun: Begun<E>,
  used: Used | undefined
): Effect.Effect<void, Failure<E>> => {
  const headers = headersOf(seen, mark)
  response.writeHead(seen.headOf.status, headers)
  const events = /^text\/event-stream/i.test(headers["content-type"] ?? "") ? new WholeEvents() : undefined
  if (used !== undefined) used.target = seen.target
  const write = (pieces: Chunk.Chunk<Piece>): Effect.Effect<void> | undefined => {
    let full = false
    for (const { bytes, reading } of pieces) {
      used?.read(reading)
      const whole = events === undefined ? bytes : events.push(bytes)
      mark.from?.upstream.hidden.in(whole)
      if (whole.length > 0 && !response.write(whole)) full = true
    }
    return full ? drained(response, mark.takeMillis) : undefined
  }
  seen.handOver()
  return Effect.map(handAll(begun, write), () => {
    const rest = events?.rest()
    if (rest !== undefined) mark.from?.upstream.hidden.in(rest)
    response.end(rest)
  })
}

const drained = (response: ServerResponse, millis: number): Effect.Effect<void> =>
  Effect.async((resume) => {
    // What is written in one turn of the event loop may have drained before a fiber comes to wait for it.
    if (!response.writableNeedDrain) return resume(Effect.void)
    bounded(response, millis)
    const done = (): void => {
      response.setTimeout(0)
      response.off("drain", done)
      response.off("close", done)
      resume(Effect.void)
    }
    response.once("drain", done)
    response.once("close", done)
  })
