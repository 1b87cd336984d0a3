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
import type { OnRequest } from "../listen.js"
import { isAdmin, pathOf } from "../onRequest.js"
import { json } from "../reply.js"
import { secretAt } from "../upstreams.js"

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
    if (!isAdmin(path)) return json(response, 404, { error: "There is nothing here" })
    // The page itself holds nothing; what it shows it asks for with the key.
    if (path !== "/admin" && known(request.headers) === undefined) {
      return json(response, 401, { error: "There is no such key here" })
    }
    admin(request, response)
  }
}
