/**
 * `effect-resilience gateway`: serves models over HTTP until it is told to end.
 *
 * @internal
 */
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Gateway from "../gateway/Gateway.js"
import * as GatewayConfig from "../gateway/GatewayConfig.js"
import { embedded } from "../gateway/internal/embedded.js"
import { readConfig } from "../gateway/internal/readConfig.js"

const config = Options.file("config").pipe(
  Options.withAlias("c"),
  Options.withDescription(
    "The configuration, JSON or YAML. Without one, an embedded provider answers, which misbehaves on demand"
  ),
  Options.optional
)

const port = Options.integer("port").pipe(
  Options.withAlias("p"),
  Options.withDescription("The port to listen on, in place of the configuration's (8787)"),
  Options.optional
)

const host = Options.text("host").pipe(
  Options.withDescription("The address to listen on, in place of the configuration's (127.0.0.1)"),
  Options.optional
)

interface Flags {
  readonly config: Option.Option<string>
  readonly host: Option.Option<string>
  readonly port: Option.Option<number>
}

/** @internal */
export const gateway: Command.Command<"gateway", FileSystem.FileSystem, never, Flags> = Command.make(
  "gateway",
  { config, host, port },
  ({ config, host, port }) =>
    Effect.gen(function* () {
      const read: Effect.Effect<GatewayConfig.Config, Error, FileSystem.FileSystem | Scope.Scope> = Option.match(
        config,
        {
          onNone: () => withoutConfig,
          onSome: (path) => Effect.flatMap(readConfig(path), GatewayConfig.decode)
        }
      )
      const given = yield* read
      const listen = {
        ...given.listen,
        ...(Option.isSome(host) && { host: host.value }),
        ...(Option.isSome(port) && { port: port.value })
      }
      const { adminUrl, reload, url } = yield* Gateway.make({ ...given, listen })
      yield* Console.log(`effect-resilience gateway on ${url}`)
      if (adminUrl !== undefined) yield* Console.log(`its live page on ${adminUrl}`)
      if (Option.isNone(config)) {
        yield* Console.log(firstSteps(url))
        return yield* Effect.never
      }
      const again = Effect.matchEffect(Effect.flatMap(read, reload), {
        onSuccess: () => Console.log(`${config.value} is in force`),
        onFailure: (error) => Console.error(`${config.value} is left aside:\n${error.message}`)
      })
      return yield* Effect.zipRight(
        Stream.runForEach(changes(config.value), () => again),
        Effect.never
      )
    }).pipe(
      Effect.scoped,
      Effect.catchAll((error) =>
        Effect.zipRight(
          Console.error(error.message),
          Effect.sync(() => {
            process.exitCode = 1
          })
        )
      )
    )
).pipe(
  Command.withDescription(
    "Serves models to any client of OpenAI's and Anthropic's APIs, under the policies of a configuration"
  )
)

/** When the file changes, and when the process is told to look again. */
const changes = (path: string): Stream.Stream<unknown, never, FileSystem.FileSystem> =>
  Stream.merge(
    Stream.debounce(
      Stream.catchAll(
        Stream.unwrap(Effect.map(FileSystem.FileSystem, (files) => files.watch(path))),
        () => Stream.never
      ),
      "200 millis"
    ),
    Stream.async<void>((emit) => {
      const told = (): void => {
        emit.single(undefined)
      }
      process.on("SIGHUP", told)
      return Effect.sync(() => process.off("SIGHUP", told))
    })
  )

const withoutConfig: Effect.Effect<GatewayConfig.Config, Error, Scope.Scope> = Effect.gen(function* () {
  const { make } = yield* Effect.promise(() => import("../testing/MisbehavingProvider.js"))
  return yield* GatewayConfig.decode(embedded(yield* make()))
})

const firstSteps = (url: string): string => `
An embedded provider answers, and misbehaves when it is asked to. Try:

  curl ${url}/v1/chat/completions -H 'content-type: application/json' \\
    -d '{"model": "fault/503", "messages": [{"role": "user", "content": "Hello"}]}'
`
