/**
 * One call of a client, from its body to the end of the answer: what it asks, and whom.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import type { RequestTooLarge } from "../../LlmError.js"
import type { Rejection } from "../../Rejection.js"
import type * as Resilience from "../../Resilience.js"
import { answer, type Incoming } from "./answer.js"
import type { Client } from "./clients.js"
import { isDelivery } from "./config/schema.js"
import { expected } from "./expected.js"
import { told } from "./failure.js"
import type { Generation } from "./generation.js"
import { deliveryHeader } from "./headers.js"
import { needsOf } from "./needs.js"
import * as reply from "./reply.js"
import { type RequestBody, requestBody } from "./requestBody.js"
import type { Route } from "./routes.js"
import { Unread } from "./server/incoming.js"
import type { Problem } from "./server/problem.js"
import { NotJson } from "./topLevel.js"
import { Used } from "./used.js"
import { askings, NoFallback } from "./ways.js"

/** A request that is answered without asking anybody. */
class Refused {
  readonly _tag = "Refused"
  constructor(readonly problem: Problem) {}
}

const unknownDelivery = new Refused({
  status: 400,
  message: `The header ${deliveryHeader} has to be incremental or buffered`
})

/** @internal */
export const modelCall = (
  generation: Generation,
  incoming: Incoming,
  client: Client,
  body: Buffer | Unread
): Effect.Effect<void, never, Resilience.Resilience> =>
  Effect.catchAll(
    Effect.suspend(() => asked(generation, incoming, client, body)),
    (why) => {
      const { endpoint, requestId, response } = incoming
      return Effect.sync(() => reply.problem(response, endpoint.api.family, problemOf(why), { requestId }))
    }
  )

type Why = Refused | NoFallback | Rejection | RequestTooLarge

const asked = (
  { config, resilience, routes }: Generation,
  incoming: Incoming,
  client: Client,
  read: Buffer | Unread
): Effect.Effect<void, Why, Resilience.Resilience> => {
  if (read instanceof Unread) return Effect.fail(notRead(read, bodyBytesOf(config)))
  const body = parsed(read)
  if (body instanceof Refused) return Effect.fail(body)
  const route = client.maySee(body.model) ? routes.find(incoming.endpoint.api.family, body.model) : undefined
  if (route === undefined) return Effect.fail(new Refused(unknownModel(body.model)))
  const estimate = expected(incoming.endpoint.api, body.bytes)
  const delivery = incoming.request.headers[deliveryHeader] ?? route.settings.delivery
  if (!isDelivery(delivery)) return Effect.fail(unknownDelivery)
  const settings = { ...settingsOf(route, body), delivery, estimate }
  return Effect.flatMap(askings(routes, route, body, client.maySee), (askings) => {
    const used = client.counts ? new Used(estimate, askings[0].to.name) : undefined
    return client.within(answer(incoming, askings, settings, body, resilience, used), used)
  })
}

const settingsOf = ({ settings, states }: Route, body: RequestBody): Route["settings"] =>
  states ? { ...settings, walk: { ...settings.walk, needs: needsOf(body) } } : settings

const neverRoom = "This key's limit has never room for what the request may use. Send less, or allow a shorter answer."

const problemOf = (why: Why): Problem => {
  if (why instanceof Refused) return why.problem
  if (why instanceof NoFallback) return { status: 400, message: why.message, code: "fallbacks" }
  const { problem } = told(why, "")
  // A limit of the client's own says nothing of the models.
  if (why._tag === "RequestTooLarge") return { ...problem, message: neverRoom }
  return problem.status === 429
    ? { ...problem, message: "This key has reached its limit. Please try again later." }
    : problem
}

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

/** How much a body may bring. @internal */
export const bodyBytesOf = ({ bounds }: Generation["config"]): number => bounds?.bodyBytes ?? 33_554_432

const notRead = ({ because }: Unread, bound: number): Refused => {
  switch (because) {
    case "tooLarge":
      return new Refused({ status: 413, message: `The request is larger than ${bound} bytes` })
    case "encoded":
      return new Refused({ status: 415, message: "The request is compressed; send it as it is" })
    case "brokenOff":
      return new Refused({ status: 400, message: "The request broke off" })
  }
}
