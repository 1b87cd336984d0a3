/**
 * What stands before a handler of requests: one that cannot be meant for it is refused, and what it throws ends one request
 * and no process.
 *
 * @internal
 */
import * as Cause from "effect/Cause"
import * as Runtime from "effect/Runtime"
import type { OnRequest } from "./listen.js"
import type { Problem } from "./problem.js"
import { refuse } from "./refuse.js"
import { originForm } from "./target.js"
import { answerUnforeseen, logUnforeseen } from "./unforeseen.js"

/** @internal */
export const acceptable =
  (onRequest: OnRequest, runtime: Runtime.Runtime<never>): OnRequest =>
  (request, response) => {
    const { headers, httpVersion, url = "/" } = request
    const target = originForm(url)
    if (target !== url) request.url = target
    // What follows such a request in its packet, Node takes for the other protocol, which is not spoken here.
    if (headers.upgrade !== undefined) response.shouldKeepAlive = false
    if (headers.host === undefined && httpVersion === "1.1") return refuse(request, response, noHost)
    try {
      onRequest(request, response)
    } catch (error) {
      answerUnforeseen(request, response)
      Runtime.runFork(runtime)(logUnforeseen(Cause.die(error)))
    }
  }

const noHost: Problem = { status: 400, message: "A request of HTTP/1.1 needs a Host" }

/**
 * A client that sends its body only when it is asked to, which it is once somebody reads it. Where nobody does, Node ends the
 * connection with the answer, since a body may come all the same.
 *
 * @internal
 */
export const onceWanted =
  (onRequest: OnRequest): OnRequest =>
  (request, response) => {
    request.once("resume", () => {
      if (!response.headersSent) response.writeContinue()
    })
    onRequest(request, response)
  }

/** @internal */
export const refuseExpectation: OnRequest = (request, response) => {
  response.shouldKeepAlive = false
  refuse(request, response, unmet)
}

const unmet: Problem = { status: 417, message: "Of what a request may expect there is only 100-continue here" }
