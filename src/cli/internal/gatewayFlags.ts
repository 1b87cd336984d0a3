/**
 * What a gateway is told on its command line, or by the environment.
 *
 * @internal
 */
import * as Options from "@effect/cli/Options"
import * as Config from "effect/Config"
import * as ConfigError from "effect/ConfigError"
import * as Either from "effect/Either"
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { type Delivery, deliveries } from "../../gateway/internal/config/schema.js"

const fromEnvironment =
  <A>(config: Config.Config<A>) =>
  (options: Options.Options<A>): Options.Options<Option.Option<A>> =>
    options.pipe(Options.withFallbackConfig(config), Options.optional)

const said = (value: unknown, least: number, most: number): string =>
  `is ${JSON.stringify(value)}, and has to be a whole number from ${least} to ${most}`

const wholeNumber = (name: string, least: number, most: number): Config.Config<number> =>
  Config.mapOrFail(Config.string(name), (text) => {
    const value = Number(text)
    const isOne = text.trim() !== "" && Number.isInteger(value) && value >= least && value <= most
    return isOne ? Either.right(value) : Either.left(ConfigError.InvalidData([], said(text, least, most)))
  })

const mostWorkers = 256

type Flag<A> = Options.Options<Option.Option<A>>

/** Where a configuration is, for those who need one. @internal */
export const configFile: Options.Options<string> = Options.file("config").pipe(
  Options.withAlias("c"),
  Options.withDescription("The configuration, JSON or YAML (in the environment: GATEWAY_CONFIG)"),
  Options.withFallbackConfig(Config.nonEmptyString("GATEWAY_CONFIG"))
)

/** @internal */
export const flags: {
  readonly config: Flag<string>
  readonly port: Flag<number>
  readonly host: Flag<string>
  readonly workers: Flag<number>
  readonly delivery: Flag<Delivery>
} = {
  config: configFile.pipe(
    Options.withDescription("Without one, an embedded provider answers, which misbehaves on demand"),
    Options.optional
  ),
  port: Options.integer("port").pipe(
    Options.withAlias("p"),
    Options.withDescription("The port to listen on, in place of the configuration's (8787; in the environment: PORT)"),
    fromEnvironment(wholeNumber("PORT", 0, 65_535))
  ),
  host: Options.text("host").pipe(
    Options.withDescription(
      "The address to listen on, in place of the configuration's (127.0.0.1; in the environment: HOST)"
    ),
    fromEnvironment(Config.nonEmptyString("HOST"))
  ),
  workers: Options.integer("workers").pipe(
    Options.withAlias("w"),
    Options.withSchema(
      Schema.Int.pipe(
        Schema.between(1, mostWorkers, {
          message: ({ actual }) => ({ message: `--workers ${said(actual, 1, mostWorkers)}`, override: true })
        })
      )
    ),
    Options.withDescription("How many processes serve (1; in the environment: WORKERS)"),
    fromEnvironment(wholeNumber("WORKERS", 1, mostWorkers))
  ),
  delivery: Options.choice("delivery", deliveries).pipe(
    Options.withDescription(
      "How streams are handed on where their route does not say: incremental, as they come, or buffered, when they are whole (in the environment: DELIVERY)"
    ),
    fromEnvironment(Config.literal(...deliveries)("DELIVERY"))
  )
}
