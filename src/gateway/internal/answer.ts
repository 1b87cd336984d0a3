/**
 * The answer to a call whose targets are known: asked for, and written to its client as it comes.
 *
 * @internal
 */
import type { IncomingMessage, ServerResponse } from "node:http"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { type AttemptSettings, Attempts, type Way } from "../../http/internal/attempts.js"
import type * as Resilience from "../../Resilience.js"
import type { Endpoint } from "./endpoints.js"
import { told } from "./failure.js"
import { toUpstream } from "./headers.js"
import * as reply from "./reply.js"
import type { RequestBody } from "./requestBody.js"
import type { Destination } from "./routes.js"
import { eventOf } from "./server/problem.js"
import type { Used } from "./used.js"
import type { Asking } from "./ways.js"
import { type UpstreamRequest, wire } from "./wire.js"

/** @internal */
export interface Incoming {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly endpoint: Endpoint
  readonly requestId: string
  /** For how many milliseconds its client may take nothing of the answer. */
  readonly takeMillis: number
}

/** How much of a stream may be held back for its first content. */
const preambleBytes = 262_144

/** @internal */
export const answer = (
  incoming: Incoming,
  askings: readonly [Asking, ...ReadonlyArray<Asking>],
  settings: Omit<AttemptSettings, "preambleBytes">,
  body: RequestBody,
  policies: Context.Tag.Service<Resilience.Resilience>,
  used: Used | undefined
): Effect.Effect<void, never, Resilience.Resilience> => {
  const { endpoint, requestId, response, takeMillis } = incoming
  const [first, ...others] = askings
  const ways = [wayOf(incoming, first, body), ...others.map((one) => wayOf(incoming, one, body))] as const
  const attempts = new Attempts<UpstreamRequest, Error, never>(ways, { ...settings, preambleBytes }, wire)
  const failed = (failure: unknown): Effect.Effect<void> =>
    Effect.sync(() => {
      if (!response.headersSent) used?.nothing()
      fail(incoming, askings, attempts, failure)
    })
  if (!body.stream || endpoint.api.stream === undefined) {
    return Effect.matchEffect(attempts.whole(policies), {
      onFailure: failed,
      onSuccess: (seen) => {
        reply.whole(response, seen, { requestId, takeMillis, from: named(askings, seen.target) })
        used?.whole(seen.target, seen.usage)
        return Effect.void
      }
    })
  }
  const streamed = attempts.streamed((begun, restore) => {
    const mark = { requestId, takeMillis, from: named(askings, attempts.target) }
    const written = restore(reply.streamed(response, attempts.seen, mark, begun, used))
    return Effect.mapError(
      Effect.onExit(written, (exit) => Scope.close(begun.scope, exit)),
      Option.some
    )
  })
  return Effect.catchAll(streamed, (failure) => {
    if (Option.isSome(failure)) return failed(failure.value)
    used?.nothing()
    response.end()
    return Effect.void
  })
}

const wayOf = ({ endpoint, request }: Incoming, { model, to }: Asking, body: RequestBody): Way<UpstreamRequest> => {
  const { capabilities, contextWindow, name, upstream } = to
  return {
    name,
    api: endpoint.api,
    known: upstream.known,
    contextWindow,
    capabilities,
    keys: upstream.keys,
    request: (key = upstream.key) => ({
      upstream,
      path: upstream.prefix + endpoint.path,
      headers: toUpstream(request.headers, upstream.family, upstream.headers, key),
      body: body.withModel(model)
    })
  }
}

const named = (askings: ReadonlyArray<Asking>, name: string): Destination | undefined =>
  askings.find(({ to }) => to.name === name)?.to

/** A stream that has begun says it in an event; before that, it is a status and a body. */
const fail = (
  { endpoint, requestId, response, takeMillis }: Incoming,
  askings: ReadonlyArray<Asking>,
  attempts: Attempts<UpstreamRequest, Error, never>,
  failure: unknown
): void => {
  const { family } = endpoint.api
  const { from, problem } = told(failure, attempts.target)
  if (response.headersSent) {
    response.end(eventOf(family, endpoint.path, problem, requestId))
    return
  }
  const seen = from === undefined ? undefined : attempts.seenOf(from)
  if (from !== undefined && seen?.whole === true) {
    reply.whole(response, seen, { requestId, takeMillis, from: named(askings, from) })
  } else reply.problem(response, family, problem, { requestId })
}
