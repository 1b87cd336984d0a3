import type * as Config from "effect/Config"
import * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

/**
 * A policy whose options are read from the configuration. Options that it refuses are a `ConfigError`, as those are that
 * cannot be read.
 *
 * @internal
 */
export const fromConfig = <Options, A, E, R>(
  config: Config.Config<Options>,
  make: (options: Options) => Effect.Effect<A, E, R>
): Effect.Effect<A, E | ConfigError.ConfigError, R> =>
  Effect.flatMap(config, (options) =>
    Effect.catchSomeDefect(
      Effect.suspend(() => make(options)),
      (defect) =>
        defect instanceof RangeError
          ? Option.some(Effect.fail(ConfigError.InvalidData([], defect.message)))
          : Option.none()
    )
  )
