/**
 * Where a request goes: to a model, or to what the gateway tells of itself.
 *
 * @internal
 */
import type { IncomingMessage, ServerResponse } from "node:http"
import type * as Fiber from "effect/Fiber"
import * as Runtime from "effect/Runtime"
import { endpoints } from "./endpoints.js"
import type { Generation } from "./generation.js"
import { bodyBytesOf, modelCall, unknownModel } from "./modelCall.js"
import { modelList, modelOf } from "./models.js"
import { json } from "./reply.js"
import { readBody } from "./server/incoming.js"
import type { OnRequest } from "./server/listen.js"
import { answersBrowser, asksUnnamed, unnamed } from "./server/pages.js"
import { noSuchKey, onlyFor, type Problem } from "./server/problem.js"
import { refuse } from "./server/refuse.js"
import { requestIdOf } from "./server/requestIds.js"
import { familyOf, pathOf } from "./server/target.js"
import { answerUnforeseen, logUnforeseen } from "./server/unforeseen.js"

/** How many requests for models are under way. @internal */
export interface Traffic {
  underWay: number
}

/** @internal */
export interface Standing {
  readonly traffic: Traffic
  readonly current: () => Generation
  /** Whether the gateway has been told to end. */
  readonly ending: () => boolean
  /** Who answers on `/admin` and `/metrics`, if they are here. */
  readonly admin: OnRequest | undefined
}

const noSuchPath: Problem = {
  status: 404,
  message: `There is nothing here. Models are at ${[...endpoints.keys()].join(", ")}`
}
const onlyPost = onlyFor("POST")
const onlyToRead = onlyFor("GET, HEAD")
const tooMany: Problem = {
  status: 503,
  message: "Too many requests are under way. Please try again later.",
  code: "overloaded",
  retryAfter: 1
}

/** @internal */
export const onRequest = ({ admin, current, ending, traffic }: Standing): OnRequest => {
  const toModel: OnRequest = (request, response) => {
    const generation = current()
    if (request.method !== "POST") return refuse(request, response, onlyPost)
    if (asksUnnamed(generation.origins, request.headers)) return refuse(request, response, unnamed)
    if (traffic.underWay >= (generation.config.bounds?.concurrency ?? 2_000)) return refuse(request, response, tooMany)
    if (ending()) response.setHeader("connection", "close")
    const client = generation.clients.of(request.headers)
    if (client === undefined) return refuse(request, response, noSuchKey)
    traffic.underWay++
    generation.calls.begin()
    let call: Fiber.RuntimeFiber<void> | undefined
    let closed = false
    onceClosed(request, response, () => {
      closed = true
      traffic.underWay--
      generation.calls.end()
      // A client that has left wants no answer any more.
      if (!response.writableFinished) call?.unsafeInterruptAsFork(call.id())
    })
    readBody(request, bodyBytesOf(generation.config), (body) => {
      if (closed) return
      const { runtime, takeMillis } = generation
      const endpoint = endpoints.get(pathOf(request))!
      const incoming = { request, response, endpoint, requestId: requestIdOf(request), takeMillis }
      call = Runtime.runFork(runtime)(modelCall(generation, incoming, client, body))
      call.addObserver((exit) => {
        if (exit._tag === "Success") return
        answerUnforeseen(request, response)
        Runtime.runFork(runtime)(logUnforeseen(exit.cause))
      })
    })
  }

  /** The list of models, or one of them. */
  const models =
    (id?: string): OnRequest =>
    (request, response) => {
      const { clients, routes } = current()
      const client = clients.of(request.headers)
      if (client === undefined) return refuse(request, response, noSuchKey)
      const family = familyOf(pathOf(request), request.headers)
      if (id === undefined) return json(response, 200, modelList(routes, family, client))
      const isHere = client.maySee(id) && routes.find(family, id) !== undefined
      if (!isHere) return refuse(request, response, unknownModel(id))
      json(response, 200, modelOf(id, family))
    }

  /** What is read under a path, if anything is. */
  const readAt = (path: string): OnRequest | undefined => {
    switch (path) {
      case "/v1/models":
        return models()
      case "/healthz":
        return (_, response) => json(response, 200, { status: "ok" })
      case "/readyz":
        return (_, response) =>
          ending() ? json(response, 503, { status: "ending" }) : json(response, 200, { status: "ready" })
      default:
        return path.startsWith(underModels) ? models(decoded(path.slice(underModels.length))) : undefined
    }
  }

  return (request, response) => {
    const path = pathOf(request)
    const { origins } = current()
    if (origins !== undefined && !isAdmin(path) && answersBrowser(origins, request, response)) return
    if (endpoints.has(path)) return toModel(request, response)
    const read = readAt(path)
    if (read !== undefined) {
      if (request.method === "GET" || request.method === "HEAD") return read(request, response)
      return refuse(request, response, onlyToRead)
    }
    if (admin !== undefined && isAdmin(path)) return admin(request, response)
    refuse(request, response, noSuchPath)
  }
}

const underModels = "/v1/models/"

/** A name in a path. What is no encoding of anything is the name of no model, as it stands. */
const decoded = (name: string): string => {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}

/** When a response is over, or its client has left. */
const onceClosed = ({ socket }: IncomingMessage, response: ServerResponse, over: () => void): void => {
  if (response.socket !== null) {
    response.once("close", over)
    return
  }
  // Requests before it on its connection have no whole answer yet, and Node tells it nothing of the connection's end.
  const left = (): void => {
    socket.off("close", left)
    response.off("close", left)
    over()
  }
  socket.once("close", left)
  response.once("close", left)
}

/** @internal */
export const isAdmin = (path: string): boolean => path === "/metrics" || path === "/admin" || path.startsWith("/admin/")
