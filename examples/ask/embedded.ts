// Starts the embedded provider as a child process that lives as long as the scope.
import { fileURLToPath } from "node:url"
import { Command } from "@effect/platform"
import { Effect, Option, Schema, Stream } from "effect"

const program = fileURLToPath(new URL("./provider.ts", import.meta.url))

const Hello = Schema.parseJson(Schema.Struct({ url: Schema.String }))

export const startProvider = Effect.gen(function* () {
  // The same loader that runs this file runs the provider.
  const child = yield* Command.make(process.execPath, ...process.execArgv, program).pipe(
    Command.stderr("inherit"),
    Command.start
  )
  const hello = yield* child.stdout.pipe(Stream.decodeText(), Stream.splitLines, Stream.runHead)
  if (Option.isNone(hello)) return yield* Effect.dieMessage("The embedded provider ended before it listened")
  const { url } = yield* Schema.decode(Hello)(hello.value)
  return { url, pid: child.pid }
})
