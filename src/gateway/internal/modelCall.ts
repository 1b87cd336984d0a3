/**
 * One call of a client: from its request to the end of the answer.
 *
 * @internal
 */
import type { IncomingMessage, ServerResponse } from "node:http"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { Attempts, type Way } from "../../http/internal/attempts.js"
import type * as Resilience from "../../Resilience.js"
import type { Endpoint } from "./endpoints.js"
import { told } from "./failure.js"
import type { Generation } from "./generation.js"
import { toUpstream } from "./headers.js"
import { bodyOf, Unread } from "./incoming.js"
import { eventOf, type Problem } from "./problem.js"
import * as reply from "./reply.js"
import { type RequestBody, requestBody } from "./requestBody.js"
import type { Destination, Route } from "./routes.js"
import { NotJson } from "./topLevel.js"
import { type UpstreamRequest, wire } from "./wire.js"

/** @internal */
export interface Incoming {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly endpoint: Endpoint
  readonly requestId: string
}

/** A request that is answered without asking anybody. */
class Refused {
  readonly _tag = "Refused"
  constructor(readonly problem: Problem) {}
}

/** @internal */
export const modelCall = (
  { routes, config }: Generation,
  incoming: Incoming
): Effect.Effect<void, never, Resilience.Resilience> => {
  const { endpoint, request, requestId, response } = incoming
  const { family } = endpoint.api
  const bound = config.bounds?.bodyBytes ?? 33_554_432
  const call = Effect.flatMap(bodyOf(request, bound), (bytes) =>
    Effect.suspend(() => {
      const body = read(bytes)
      if (body instanceof Refused) return Effect.fail(body)
      const route = routes.find(family, body.model)
      if (route === undefined) return Effect.fail(new Refused(unknownModel(body.model)))
      return answer(incoming, route, body)
    })
  )
  return Effect.catchAll(call, (refusal) =>
    Effect.sync(() =>
      reply.problem(response, family, refusal instanceof Unread ? unread(refusal, bound) : refusal.problem, {
        requestId
      })
    )
  )
}

const read = (bytes: Buffer): RequestBody | Refused => {
  try {
    return requestBody(bytes)
  } catch (error) {
    if (!(error instanceof NotJson)) throw error
    return new Refused({ status: 400, message: `The request cannot be read: ${error.message}` })
  }
}

const unknownModel = (model: string): Problem => ({
  status: 404,
  message: `There is no model ${JSON.stringify(model.slice(0, 200))} here`,
  code: "model_not_found"
})

const unread = ({ because }: Unread, bound: number): Problem => {
  switch (because) {
    case "tooLarge":
      return { status: 413, message: `The request is larger than ${bound} bytes` }
    case "encoded":
      return { status: 415, message: "The request is compressed; send it as it is" }
    case "brokenOff":
      return { status: 400, message: "The request broke off" }
  }
}

const answer = (
  incoming: Incoming,
  route: Route,
  body: RequestBody
): Effect.Effect<void, never, Resilience.Resilience> => {
  const { endpoint, requestId, response } = incoming
  const [first, ...others] = route.destinations
  const ways = [way(incoming, first, body), ...others.map((one) => way(incoming, one, body))] as const
  const attempts = new Attempts(ways, { ...route.settings, preambleBytes: 262_144 }, wire)
  const failed = (failure: unknown): Effect.Effect<void> =>
    Effect.sync(() => {
      const { from, problem } = told(failure, attempts.target)
      if (response.headersSent) {
        response.end(eventOf(endpoint.api.family, endpoint.path, problem, requestId))
        return
      }
      const seen = from === undefined ? undefined : attempts.seenOf(from)
      if (seen?.whole === true) reply.whole(response, seen, { requestId, target: from })
      else reply.problem(response, endpoint.api.family, problem, { requestId })
    })
  if (!body.stream || endpoint.api.stream === undefined) {
    return Effect.matchEffect(attempts.whole, {
      onFailure: failed,
      onSuccess: (seen) => Effect.sync(() => reply.whole(response, seen, { requestId, target: attempts.target }))
    })
  }
  const streamed = attempts.streamed(({ first, pull, scope }, restore) =>
    Effect.onExit(
      restore(reply.streamed(response, attempts.seen, { requestId, target: attempts.target }, first, pull)),
      (exit) => Scope.close(scope, exit)
    ).pipe(Effect.mapError(Option.some))
  )
  return Effect.catchAll(streamed, (failure) =>
    Option.isSome(failure) ? failed(failure.value) : Effect.sync(() => response.end())
  )
}

const way = ({ endpoint, request }: Incoming, to: Destination, body: RequestBody): Way<UpstreamRequest> => ({
  name: to.name,
  api: endpoint.api,
  known: to.upstream.known,
  contextWindow: to.contextWindow,
  capabilities: to.capabilities,
  request: () => ({
    upstream: to.upstream,
    path: to.upstream.prefix + endpoint.path,
    headers: toUpstream(request.headers, to.upstream.family, to.upstream.headers, to.upstream.keys[0]),
    body: to.model === undefined ? body.bytes : body.withModel(to.model)
  })
})
