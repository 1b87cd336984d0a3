/**
 * What a gateway is told: where the providers are, which models it serves and from where, under which policies, to whom.
 *
 * A configuration is plain data, from a file of JSON or YAML or from a program. Keys are never part of it: it has the names
 * of the environment variables that hold them.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as JSONSchema from "effect/JSONSchema"
import * as Schema from "effect/Schema"
import { mistakesOf } from "../internal/options/mistakes.js"
import { contradictions } from "./internal/config/contradictions.js"
import { InvalidConfig } from "./internal/config/invalid.js"
import { type Config, schema } from "./internal/config/schema.js"

export { InvalidConfig } from "./internal/config/invalid.js"
export { type Config, schema } from "./internal/config/schema.js"

/**
 * Reads a configuration. Fails with `InvalidConfig`, which has all mistakes at once.
 *
 * @example
 * ```ts
 * import * as GatewayConfig from "effect-resilience/gateway/GatewayConfig"
 *
 * export const config = GatewayConfig.decode({
 *   upstreams: { openai: { baseUrl: "https://api.openai.com/v1", dialect: "openai", keys: "OPENAI_API_KEY" } },
 *   routes: [{ model: "gpt-5", targets: [{ upstream: "openai" }, { upstream: "openai", model: "gpt-5-mini" }] }]
 * })
 * ```
 *
 * @since 0.1.0
 * @category Decoding
 */
export const decode = (input: unknown): Effect.Effect<Config, InvalidConfig> =>
  Effect.flatMap(
    Effect.mapError(
      decodeSchema(input),
      (error) => new InvalidConfig({ mistakes: mistakesOf(error, "the configuration") })
    ),
    (config) => {
      const mistakes = contradictions(config)
      return mistakes.length === 0 ? Effect.succeed(config) : Effect.fail(new InvalidConfig({ mistakes }))
    }
  )

const decodeSchema = Schema.decodeUnknown(schema)

/**
 * The JSON Schema of a configuration, for editors: a file that names it in `$schema` is checked as it is written.
 *
 * @since 0.1.0
 * @category Schemas
 */
export const jsonSchema = (): JSONSchema.JsonSchema7Root => JSONSchema.make(schema)
