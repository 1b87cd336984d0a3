/**
 * A gateway that is served until it is told to end, in one process or several.
 *
 * @internal
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as GatewayConfig from "../../gateway/GatewayConfig.js"
import type { PortUnavailable } from "../../gateway/internal/server/listen.js"
import { start } from "../../gateway/internal/start.js"

/** @internal */
export interface Served {
  readonly url: string
  readonly adminUrl: string | undefined
  /** Takes a configuration as it is written. Names what differs and takes another start. */
  readonly reload: (config: unknown) => Effect.Effect<ReadonlyArray<string>, GatewayConfig.InvalidConfig>
}

/** What the processes of workers need beyond the time that their requests have. */
const grace = Duration.seconds(5)

/** @internal */
export const serve = (
  config: unknown,
  workers: number
): Effect.Effect<Served, GatewayConfig.InvalidConfig | PortUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    const read = yield* GatewayConfig.decode(config)
    if (workers > 1) {
      const { primary } = yield* Effect.promise(() => import("../../gateway/internal/workers/primary.js"))
      const shutdownTime = Duration.sum(Duration.decode(read.bounds?.shutdownTime ?? "30 seconds"), grace)
      return yield* primary({ config, workers, shutdownTime })
    }
    const { adminUrl, reload, url } = yield* start(read)
    return { url, adminUrl, reload: (config) => Effect.flatMap(GatewayConfig.decode(config), reload) }
  })
