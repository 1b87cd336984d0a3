/**
 * The toolkit as a service: an HTTP server between clients of OpenAI's and Anthropic's APIs, in any language, and the
 * places that serve models.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as ResilienceEvent from "../ResilienceEvent.js"
import type { Config, InvalidConfig } from "./GatewayConfig.js"
import { adminApp } from "./internal/admin/app.js"
import { Control } from "./internal/admin/control.js"
import { adminKey, guarded } from "./internal/admin/guard.js"
import { Watch } from "./internal/admin/watch.js"
import { generations } from "./internal/generations.js"
import { listen, type PortUnavailable } from "./internal/listen.js"
import { onRequest } from "./internal/onRequest.js"

export { PortUnavailable } from "./internal/listen.js"

/**
 * A running gateway.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Service {
  /** Such as `http://127.0.0.1:8787`. */
  readonly url: string
  /** The live page, where the configuration has `admin`. */
  readonly adminUrl: string | undefined
  /**
   * Puts another configuration in the place of the one in force, from the next request on; calls under way end under the
   * one they began with. Fails with `InvalidConfig`, which changes nothing. Addresses, `admin` and `bounds` of connections
   * stay as they were.
   */
  readonly reload: (config: Config) => Effect.Effect<void, InvalidConfig>
}

/**
 * @since 0.1.0
 * @category Tags
 */
export class Gateway extends Context.Tag("effect-resilience/gateway/Gateway")<Gateway, Service>() {}

/**
 * Starts a gateway, which ends with the scope: it takes no new connections, lets the requests under way end within
 * `bounds.shutdownTime`, and closes what is left.
 *
 * Fails with `InvalidConfig` for a configuration that cannot be carried out, as one that names an environment variable
 * which is not set, or with `PortUnavailable`.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import * as Gateway from "effect-resilience/gateway/Gateway"
 * import * as GatewayConfig from "effect-resilience/gateway/GatewayConfig"
 *
 * export const main = Effect.gen(function* () {
 *   const config = yield* GatewayConfig.decode({
 *     upstreams: { openai: { baseUrl: "https://api.openai.com/v1", dialect: "openai", keys: "OPENAI_API_KEY" } },
 *     routes: [{ model: "gpt-5", targets: [{ upstream: "openai" }, { upstream: "openai", model: "gpt-5-mini" }] }]
 *   })
 *   const gateway = yield* Gateway.make(config)
 *   yield* Effect.log(`OpenAI's clients find it at ${gateway.url}/v1`)
 *   return yield* Effect.never
 * }).pipe(Effect.scoped)
 * ```
 *
 * @since 0.1.0
 * @category Constructors
 */
export const make = (config: Config): Effect.Effect<Service, InvalidConfig | PortUnavailable, Scope.Scope> =>
  config.admin === undefined
    ? served(config, undefined)
    : Effect.flatMap(Layer.build(ResilienceEvent.layer()), (hub) => Effect.provide(watched(config), hub))

/** Who watches hears all that the policies do, which only a gateway with an admin page pays for. */
const watched = (config: Config) =>
  Effect.gen(function* () {
    const watch = new Watch()
    const hub = yield* ResilienceEvent.ResilienceEvents
    yield* hub.listen(watch.hear)
    return yield* served(config, watch)
  })

const served = (config: Config, watch: Watch | undefined) =>
  Effect.gen(function* () {
    const { current, reload } = yield* generations(config)
    const bounds = config.bounds ?? {}
    const { host = "127.0.0.1", port = 8787 } = config.listen ?? {}
    const control = watch && new Control(current, watch)
    const admin = control && guarded(yield* adminKey(config), yield* adminApp(control))
    const own = config.admin?.port
    const adminUrl =
      admin === undefined || own === undefined
        ? undefined
        : yield* listen(config.admin?.host ?? host, own, bounds, admin)
    let ending = false
    const handle = onRequest({ current, ending: () => ending, admin: adminUrl === undefined ? admin : undefined })
    const url = yield* listen(host, port, bounds, handle)
    // The first thing to happen when the scope closes.
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        ending = true
      })
    )
    return {
      url,
      adminUrl: admin && `${adminUrl ?? url}/admin`,
      reload: (config: Config) => Effect.zipRight(reload(config), control?.moved ?? Effect.void)
    }
  })

/**
 * `make` as a layer.
 *
 * @since 0.1.0
 * @category Layers
 */
export const layer = (config: Config): Layer.Layer<Gateway, InvalidConfig | PortUnavailable> =>
  Layer.scoped(Gateway, make(config))
