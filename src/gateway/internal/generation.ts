/**
 * All that follows from one configuration: upstreams, routes, policies. A reload makes another one, and calls that began
 * under this one end under it.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import type * as Runtime from "effect/Runtime"
import type * as Scope from "effect/Scope"
import * as Resilience from "../../Resilience.js"
import { type Clients, clients as clientsOf } from "./clients.js"
import type { InvalidConfig } from "./config/invalid.js"
import type { Config } from "./config/schema.js"
import { generalPolicy } from "./policies.js"
import { type Routes, routesOf, targetPolicies } from "./routes.js"
import { upstreams } from "./upstreams.js"

/** @internal */
export interface Generation {
  readonly config: Config
  readonly routes: Routes
  readonly clients: Clients
  readonly runtime: Runtime.Runtime<Resilience.Resilience>
}

/** @internal */
export const generation = (config: Config): Effect.Effect<Generation, InvalidConfig, Scope.Scope> =>
  Effect.gen(function* () {
    const routes = routesOf(config, yield* upstreams(config))
    const clients = yield* clientsOf(config)
    const resilience = yield* Resilience.make({ ...generalPolicy(config), targets: targetPolicies(config) })
    const runtime = yield* Effect.provideService(
      Effect.runtime<Resilience.Resilience>(),
      Resilience.Resilience,
      resilience
    )
    return { config, routes, clients, runtime }
  })
