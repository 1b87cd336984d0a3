#!/usr/bin/env node
/**
 * The package's program: each of its commands is a file beside this one.
 *
 * @internal
 */
import * as Command from "@effect/cli/Command"
import * as ValidationError from "@effect/cli/ValidationError"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Effect from "effect/Effect"
import { gateway } from "./gateway.js"
import { stats } from "./stats.js"
import { version } from "./version.js"

const program = Command.make("effect-resilience").pipe(
  Command.withDescription("Resilience for calls to large language models"),
  Command.withSubcommands([gateway, stats])
)

const run = Command.run(program, { name: "effect-resilience", version })

run(process.argv).pipe(
  // The command line has already printed what is wrong with it.
  Effect.catchIf(ValidationError.isValidationError, () => Effect.sync(() => (process.exitCode = 2))),
  Effect.provide(NodeContext.layer),
  NodeRuntime.runMain
)
