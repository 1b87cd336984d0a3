/**
 * `effect-resilience gateway`: serves models over HTTP until it is told to end.
 *
 * @internal
 */
import * as Command from "@effect/cli/Command"
import type * as FileSystem from "@effect/platform/FileSystem"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as GatewayConfig from "../gateway/GatewayConfig.js"
import type { Delivery } from "../gateway/internal/config/schema.js"
import { embedded } from "../gateway/internal/embedded.js"
import { readConfig } from "../gateway/internal/readConfig.js"
import { tried } from "../gateway/internal/tried.js"
import { isWorker, worker } from "../gateway/internal/workers/worker.js"
import { changes } from "./internal/changes.js"
import { forShortCalls } from "./internal/collector.js"
import { configFile, flags } from "./internal/gatewayFlags.js"
import { serve } from "./internal/serve.js"

interface Flags {
  readonly config: Option.Option<string>
  readonly delivery: Option.Option<Delivery>
  readonly host: Option.Option<string>
  readonly port: Option.Option<number>
  readonly workers: Option.Option<number>
}

interface WithSubcommands extends Flags {
  readonly subcommand: Option.Option<object>
}

const serving = ({
  config,
  delivery,
  host,
  port,
  workers
}: Flags): Effect.Effect<never, Error, FileSystem.FileSystem | Scope.Scope> =>
  Effect.gen(function* () {
    const listen = {
      ...(Option.isSome(host) && { host: host.value }),
      ...(Option.isSome(port) && { port: port.value })
    }
    const count = Option.getOrElse(workers, () => 1)
    const changed = Option.isSome(config) ? yield* changes(config.value) : Stream.never
    const read: Effect.Effect<unknown, Error, FileSystem.FileSystem | Scope.Scope> = Option.match(config, {
      onNone: () => withoutConfig,
      onSome: readConfig
    })
    const given = Effect.map(read, (config) => withFlags(config, listen, delivery))
    const { adminUrl, reload, url } = yield* serve(yield* given, count)
    yield* Console.log(`effect-resilience gateway on ${url}${count === 1 ? "" : ` (${count} workers)`}`)
    if (adminUrl !== undefined) yield* Console.log(`its live page on ${adminUrl}`)
    if (Option.isNone(config)) {
      yield* Console.log(firstSteps(url))
      return yield* Effect.never
    }
    const again = Effect.matchEffect(Effect.flatMap(given, reload), {
      onSuccess: (names) => Console.log(`${config.value} is in force${atTheNextStart(names)}`),
      onFailure: (error) => Console.error(`${config.value} is left aside:\n${error.message}`)
    })
    return yield* Effect.zipRight(
      Stream.runForEach(changed, () => again),
      Effect.never
    )
  })

/** The command line goes before the configuration. What is none is told so when it is decoded. */
const withFlags = (config: unknown, listen: object, delivery: Option.Option<Delivery>): unknown => {
  if (typeof config !== "object" || config === null || Array.isArray(config)) return config
  const given: { readonly listen?: object } = config
  return {
    ...given,
    ...(Object.keys(listen).length > 0 && { listen: { ...given.listen, ...listen } }),
    ...(Option.isSome(delivery) && { delivery: delivery.value })
  }
}

const atTheNextStart = (names: ReadonlyArray<string>): string =>
  names.length === 0 ? "" : `, but for ${names.join(", ")}: at the next start`

const withoutConfig: Effect.Effect<unknown, Error, Scope.Scope> = Effect.gen(function* () {
  const { make } = yield* Effect.promise(() => import("../testing/MisbehavingProvider.js"))
  return embedded(yield* make())
})

const firstSteps = (url: string): string => `
An embedded provider answers, and misbehaves when it is asked to; streams come when they are whole. Try:

  curl ${url}/v1/chat/completions -H 'content-type: application/json' \\
    -d '{"model": "fault/503", "messages": [{"role": "user", "content": "Hello"}]}'
`

/** A mistake of whoever runs it is a sentence, and the code 1. */
const told = <A, R>(self: Effect.Effect<A, Error, R>): Effect.Effect<A | void, never, R> =>
  Effect.catchAll(self, (error) =>
    Effect.zipRight(
      Console.error(error.message),
      Effect.sync(() => {
        process.exitCode = 1
      })
    )
  )

const schema = Command.make("schema", {}, () => Console.log(JSON.stringify(GatewayConfig.jsonSchema(), null, 2))).pipe(
  Command.withDescription("Prints the JSON Schema of a configuration, for editors")
)

const check = Command.make("check", { config: configFile }, ({ config }) =>
  told(
    Effect.zipRight(
      Effect.flatMap(Effect.flatMap(readConfig(config), GatewayConfig.decode), tried),
      Console.log(`${config} is a configuration`)
    )
  )
).pipe(Command.withDescription("Tells what is wrong with a configuration, or with the environment it names"))

/** @internal */
export const gateway: Command.Command<"gateway", FileSystem.FileSystem, never, WithSubcommands> = Command.make(
  "gateway",
  flags,
  (flags) => {
    forShortCalls()
    return told(Effect.scoped(isWorker() ? worker(GatewayConfig.decode) : serving(flags)))
  }
).pipe(
  Command.withDescription(
    "Serves models to any client of OpenAI's and Anthropic's APIs, under the policies of a configuration"
  ),
  Command.withSubcommands([check, schema])
)
