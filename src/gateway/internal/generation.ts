/**
 * All that follows from one configuration: upstreams, routes, clients, policies. A reload makes another one, and calls that
 * began under this one end under it.
 *
 * @internal
 */
import type * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Runtime from "effect/Runtime"
import type * as Scope from "effect/Scope"
import type { RateLimitStore } from "../../RateLimit.js"
import * as Resilience from "../../Resilience.js"
import { type Clients, clients as clientsOf } from "./clients.js"
import type { InvalidConfig } from "./config/invalid.js"
import type { Config } from "./config/schema.js"
import { generalPolicy } from "./policies.js"
import { resilienceOf } from "./possible.js"
import { type Routes, routesOf, targetPolicies } from "./routes.js"
import { upstreams } from "./upstreams.js"

/** @internal */
export interface Generation {
  readonly config: Config
  readonly routes: Routes
  readonly clients: Clients
  readonly resilience: Context.Tag.Service<Resilience.Resilience>
  readonly runtime: Runtime.Runtime<Resilience.Resilience>
  /** Which limits a target has. */
  readonly limits: (target: string) => { readonly bulkhead: boolean; readonly rateLimit: boolean }
  /** Whether the policies of a target only observe, as the configuration says. */
  readonly observesOnly: (target: string) => boolean
  /** For how many milliseconds a client may take nothing of an answer. */
  readonly takeMillis: number
  readonly calls: Calls
  /** Whose pages may ask, if any may. */
  readonly origins: ReadonlySet<string> | undefined
}

/** The calls that are under way. @internal */
export class Calls {
  running = 0
  private over: Deferred.Deferred<void> | undefined

  begin(): void {
    this.running++
  }

  end(): void {
    this.running--
    if (this.running === 0 && this.over !== undefined) Deferred.unsafeDone(this.over, Effect.void)
  }

  /** Waits until there is none. */
  readonly none: Effect.Effect<void> = Effect.suspend(() => {
    if (this.running === 0) return Effect.void
    return Effect.flatMap(Deferred.make<void>(), (over) => {
      this.over = over
      return Deferred.await(over)
    })
  })
}

/** @internal */
export const generation = (config: Config): Effect.Effect<Generation, InvalidConfig, RateLimitStore | Scope.Scope> =>
  Effect.gen(function* () {
    const routes = routesOf(config, yield* upstreams(config))
    const clients = yield* clientsOf(config)
    const general = yield* generalPolicy(config)
    const targets = targetPolicies(config)
    const resilience = yield* resilienceOf(config, general, targets)
    const runtime = yield* Effect.provideService(
      Effect.runtime<Resilience.Resilience>(),
      Resilience.Resilience,
      resilience
    )
    const optionsOf = (target: string): Resilience.TargetOptions => ({
      ...general,
      ...(Object.hasOwn(targets, target) && targets[target])
    })
    const limits = (target: string) => {
      const { bulkhead, rateLimit } = optionsOf(target)
      return { bulkhead: Boolean(bulkhead), rateLimit: Boolean(rateLimit) }
    }
    const observesOnly = (target: string): boolean => optionsOf(target).observeOnly ?? false
    const takeMillis = Duration.toMillis(config.bounds?.takeTime ?? "60 seconds")
    const origins = config.cors && new Set<string>(config.cors.origins)
    const calls = new Calls()
    return { config, routes, clients, resilience, runtime, limits, observesOnly, takeMillis, calls, origins }
  })
