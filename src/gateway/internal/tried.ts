/**
 * Whether a configuration can be carried out where it is looked at, without serving it.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as RateLimit from "../../RateLimit.js"
import { adminKey } from "./admin/guard.js"
import type { InvalidConfig } from "./config/invalid.js"
import type { Config } from "./config/schema.js"
import { generation } from "./generation.js"

/** Fails where it names something that is not there. @internal */
export const tried = (config: Config): Effect.Effect<void, InvalidConfig> =>
  generation(config).pipe(
    Effect.zipRight(adminKey(config)),
    Effect.asVoid,
    Effect.scoped,
    Effect.provide(RateLimit.layerStoreMemory())
  )
