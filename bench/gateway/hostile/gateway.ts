/**
 * The gateway that is asked what nobody should ask, a process of its own. It tells its parent where it is, and, when asked,
 * what it holds.
 */
import { ConfigProvider, Effect } from "effect"
import * as Gateway from "effect-resilience/gateway/Gateway"
import * as GatewayConfig from "effect-resilience/gateway/GatewayConfig"
import { configOf } from "../../../test/gateway/asking.js"
import { bounded, environment } from "../../../test/gateway/hostile/setting.js"
import { counting, fibers, sockets } from "../left.js"

export interface Held {
  readonly sockets: number
  readonly fibers: number
}

const [openAiUrl = "", anthropicUrl = ""] = process.argv.slice(2)

const program = Effect.gen(function* () {
  const config = yield* GatewayConfig.decode(configOf({ openAiUrl, anthropicUrl }, bounded))
  const { url } = yield* Gateway.make(config)
  process.send?.(url)
  process.on("message", () => process.send?.({ sockets: sockets(), fibers: fibers() } satisfies Held))
  return yield* Effect.never
})

process.on("disconnect", () => process.exit())
Effect.runFork(
  program.pipe(Effect.scoped, Effect.withConfigProvider(ConfigProvider.fromMap(new Map(environment))), counting)
)
