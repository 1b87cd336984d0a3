/**
 * Where a request goes: to a model, or to what the gateway tells of itself.
 *
 * @internal
 */
import type { IncomingMessage, ServerResponse } from "node:http"
import * as Runtime from "effect/Runtime"
import { endpoints } from "./endpoints.js"
import type { Generation } from "./generation.js"
import type { OnRequest } from "./listen.js"
import { modelCall } from "./modelCall.js"
import { problem } from "./reply.js"
import { RequestIds } from "./requestIds.js"

/** @internal */
export const onRequest = (current: () => Generation): OnRequest => {
  const ids = new RequestIds()
  return (request, response) => {
    const path = pathOf(request)
    const requestId = ids.of(request)
    const endpoint = endpoints.get(path)
    if (endpoint === undefined) {
      if (path === "/healthz") return health(response)
      return problem(response, "openai", { status: 404, message: "There is nothing here" }, { requestId })
    }
    if (request.method !== "POST") {
      return problem(
        response,
        endpoint.api.family,
        { status: 405, message: "Only POST is for this path" },
        { requestId }
      )
    }
    const generation = current()
    const fiber = Runtime.runFork(generation.runtime)(modelCall(generation, { request, response, endpoint, requestId }))
    response.once("close", () => {
      // A client that has left wants no answer any more.
      if (!response.writableFinished) fiber.unsafeInterruptAsFork(fiber.id())
    })
  }
}

const pathOf = ({ url = "/" }: IncomingMessage): string => {
  const query = url.indexOf("?")
  return query === -1 ? url : url.slice(0, query)
}

const health = (response: ServerResponse): void => {
  response.writeHead(200, { "content-type": "application/json" })
  response.end('{"status":"ok"}')
}
