/**
 * The misbehaving provider as a process of its own. It tells its parent where it is, and, when asked, what it saw.
 */
import { Effect } from "effect"
import * as MisbehavingProvider from "effect-resilience/testing/MisbehavingProvider"
import { reply } from "./reply.js"

const program = Effect.gen(function* () {
  const provider = yield* MisbehavingProvider.make({ reply, keepAttempts: 2_000 })
  process.send?.({ openAiUrl: provider.openAiUrl, anthropicUrl: provider.anthropicUrl })
  process.on("message", () => {
    const tell = Effect.map(provider.attempts, (attempts) => {
      const open = attempts.filter(({ endedAt }) => endedAt === undefined)
      process.send?.({ total: (attempts.at(-1)?.index ?? -1) + 1, open })
    })
    Effect.runSync(tell)
  })
  return yield* Effect.never
})

process.on("disconnect", () => process.exit())
Effect.runFork(Effect.scoped(program))
