/**
 * Who may see and do what is under `/admin`: whoever has the key, or whoever can reach its own port where there is none.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import { finder } from "../clients.js"
import type { InvalidConfig } from "../config/invalid.js"
import type { Config } from "../config/schema.js"
import { isAdmin } from "../onRequest.js"
import type { OnRequest } from "../server/listen.js"
import { isJson } from "../server/pages.js"
import { noSuchKey, onlyFor, type Problem } from "../server/problem.js"
import { refuse } from "../server/refuse.js"
import { requestIdOf } from "../server/requestIds.js"
import { pathOf } from "../server/target.js"
import { secretAt } from "../upstreams.js"
import { operations } from "./operations.js"

/** The key of the configuration, if it names one. @internal */
export const adminKey = ({ admin }: Config): Effect.Effect<Redacted.Redacted | undefined, InvalidConfig> => {
  const variable = admin?.key
  return variable === undefined ? Effect.succeed(undefined) : secretAt("admin.key", variable)
}

/** @internal */
export const guarded = (key: Redacted.Redacted | undefined, admin: OnRequest): OnRequest => {
  const known = key === undefined ? () => true : finder([{ key, of: true }])
  return (request, response) => {
    const path = pathOf(request)
    if (!isAdmin(path)) return refuse(request, response, nothingHere)
    // The page itself holds nothing; what it shows it asks for with the key.
    if (path !== "/admin" && known(request.headers) === undefined) return refuse(request, response, noSuchKey)
    const allow = operations.get(path)
    if (allow === undefined) return refuse(request, response, nothingHere)
    if (!allow.split(", ").includes(request.method ?? "")) return refuse(request, response, onlyFor(allow))
    // No page of others can send that without being let, which none is here.
    if (allow === "POST" && !isJson(request.headers)) return refuse(request, response, notJson)
    if (request.headers["transfer-encoding"] !== undefined) return refuse(request, response, noLength)
    if (Number(request.headers["content-length"]) > mostBytes) return refuse(request, response, tooLarge)
    response.setHeader("x-effect-resilience-request-id", requestIdOf(request))
    admin(request, response)
  }
}

/** Of an order. */
const mostBytes = 65_536

const nothingHere: Problem = { status: 404, message: "There is nothing here" }
const notJson: Problem = { status: 415, message: "An order has to be of the type application/json" }
const noLength: Problem = { status: 411, message: "An order has to say how long it is" }
const tooLarge: Problem = { status: 413, message: `An order is at most ${mostBytes} bytes` }
