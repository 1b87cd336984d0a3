/**
 * One call of a client, from its request to the end of the answer: who asks, what, and whom.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import type * as Resilience from "../../Resilience.js"
import { type Answered, answer, type Incoming } from "./answer.js"
import type { Client } from "./clients.js"
import { isDelivery } from "./config/schema.js"
import { expected } from "./expected.js"
import { told } from "./failure.js"
import type { Generation } from "./generation.js"
import { deliveryHeader } from "./headers.js"
import { bodyOf, type Unread } from "./incoming.js"
import { needsOf } from "./needs.js"
import { noSuchKey, type Problem } from "./problem.js"
import * as reply from "./reply.js"
import { type RequestBody, requestBody } from "./requestBody.js"
import type { Route } from "./routes.js"
import { NotJson } from "./topLevel.js"
import { askings } from "./ways.js"

/** A request that is answered without asking anybody. */
class Refused {
  readonly _tag = "Refused"
  constructor(readonly problem: Problem) {}
}

const unknownDelivery = new Refused({
  status: 400,
  message: `The header ${deliveryHeader} has to be incremental or buffered`
})

const unauthenticated = new Refused(noSuchKey)

/** @internal */
export const modelCall = (
  generation: Generation,
  incoming: Incoming
): Effect.Effect<void, never, Resilience.Resilience> => {
  const { request, requestId, response } = incoming
  const refuse = ({ problem }: Refused): Effect.Effect<void> =>
    Effect.sync(() => reply.problem(response, incoming.endpoint.api.family, problem, { requestId }))
  const client = generation.clients.of(request.headers)
  if (client === undefined) return refuse(unauthenticated)
  const bound = generation.config.bounds?.bodyBytes ?? 33_554_432
  const read = Effect.mapError(bodyOf(request, bound), (unread) => new Refused(notRead(unread, bound)))
  return Effect.catchAll(
    Effect.flatMap(read, (bytes) => asked(generation, incoming, client, bytes)),
    refuse
  )
}

const asked = (
  { routes }: Generation,
  incoming: Incoming,
  client: Client,
  bytes: Buffer
): Effect.Effect<Answered, Refused, Resilience.Resilience> => {
  const body = parsed(bytes)
  if (body instanceof Refused) return Effect.fail(body)
  const route = client.maySee(body.model) ? routes.find(incoming.endpoint.api.family, body.model) : undefined
  if (route === undefined) return Effect.fail(new Refused(unknownModel(body.model)))
  const estimate = expected(incoming.endpoint.api, body.bytes)
  const delivery = incoming.request.headers[deliveryHeader] ?? route.settings.delivery
  if (!isDelivery(delivery)) return Effect.fail(unknownDelivery)
  const settings = { ...settingsOf(route, body), delivery, estimate }
  return Effect.matchEffect(askings(routes, route, body, client.maySee), {
    onFailure: ({ message }) => Effect.fail(new Refused({ status: 400, message, code: "fallbacks" })),
    onSuccess: (askings) =>
      Effect.mapError(
        client.within(answer(incoming, askings, settings, body), estimate),
        (failure) => new Refused(ofItsOwn(told(failure, "").problem))
      )
  })
}

const settingsOf = ({ settings, states }: Route, body: RequestBody): Route["settings"] =>
  states ? { ...settings, walk: { ...settings.walk, needs: needsOf(body) } } : settings

/** A limit of the client's own says nothing of the models. */
const ofItsOwn = (problem: Problem): Problem =>
  problem.status === 429 ? { ...problem, message: "This key has reached its limit. Please try again later." } : problem

const parsed = (bytes: Buffer): RequestBody | Refused => {
  try {
    return requestBody(bytes)
  } catch (error) {
    if (!(error instanceof NotJson)) throw error
    return new Refused({ status: 400, message: `The request cannot be read: ${error.message}` })
  }
}

/** @internal */
export const unknownModel = (model: string): Problem => ({
  status: 404,
  message: `There is no model ${JSON.stringify(model.slice(0, 200))} here`,
  code: "model_not_found"
})

const notRead = ({ because }: Unread, bound: number): Problem => {
  switch (because) {
    case "tooLarge":
      return { status: 413, message: `The request is larger than ${bound} bytes` }
    case "encoded":
      return { status: 415, message: "The request is compressed; send it as it is" }
    case "brokenOff":
      return { status: 400, message: "The request broke off" }
  }
}
