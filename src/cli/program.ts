/**
 * The commands of the package's program. Each is loaded when it is asked for, since each needs optional peers of its own.
 *
 * @internal
 */
import * as Command from "@effect/cli/Command"
import * as ValidationError from "@effect/cli/ValidationError"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Effect from "effect/Effect"
import { version } from "./version.js"

const gateway = async () => (await import("./gateway.js")).gateway
const stats = async () => (await import("./stats.js")).stats

/** The command that is asked for; where it is none of them, all, so that help tells of each. */
const commandsFor = async (name: string | undefined) => {
  const root = Command.make("effect-resilience").pipe(
    Command.withDescription("Resilience for calls to large language models")
  )
  const config = { name: "effect-resilience", version }
  if (name === "gateway") return Command.run(Command.withSubcommands(root, [await gateway()]), config)
  if (name === "stats") return Command.run(Command.withSubcommands(root, [await stats()]), config)
  return Command.run(Command.withSubcommands(root, [await gateway(), await stats()]), config)
}

/** @internal */
export const run = async (args: ReadonlyArray<string>): Promise<void> => {
  const command = await commandsFor(args[2])
  command(args).pipe(
    // The command line has already printed what is wrong with it.
    Effect.catchIf(ValidationError.isValidationError, () => Effect.sync(() => (process.exitCode = 2))),
    Effect.provide(NodeContext.layer),
    NodeRuntime.runMain
  )
}
