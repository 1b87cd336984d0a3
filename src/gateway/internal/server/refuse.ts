/**
 * An answer of the gateway itself, in the dialect of whoever asks.
 *
 * @internal
 */
import type { IncomingMessage, ServerResponse } from "node:http"
import * as reply from "../reply.js"
import type { Problem } from "./problem.js"
import { requestIdOf } from "./requestIds.js"
import { familyOf, pathOf } from "./target.js"

/** @internal */
export const refuse = (request: IncomingMessage, response: ServerResponse, problem: Problem): void =>
  reply.problem(response, familyOf(pathOf(request), request.headers), problem, { requestId: requestIdOf(request) })
