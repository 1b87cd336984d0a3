/**
 * The toolkit as a service: an HTTP server between clients of OpenAI's and Anthropic's APIs, in any language, and the
 * places that serve models.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { Config, InvalidConfig } from "./GatewayConfig.js"
import type { PortUnavailable } from "./internal/server/listen.js"
import { start } from "./internal/start.js"

export { PortUnavailable } from "./internal/server/listen.js"

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
   * one they began with. Fails with `InvalidConfig`, which changes nothing. Addresses, `admin`, `shared` and `bounds` of
   * connections stay as they were; the answer has the names of those that differ now, and would need another start.
   */
  readonly reload: (config: Config) => Effect.Effect<ReadonlyArray<string>, InvalidConfig>
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
  start(config)

/**
 * `make` as a layer.
 *
 * @since 0.1.0
 * @category Layers
 */
export const layer = (config: Config): Layer.Layer<Gateway, InvalidConfig | PortUnavailable> =>
  Layer.scoped(Gateway, make(config))
