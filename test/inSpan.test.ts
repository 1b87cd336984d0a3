/**
 * The suites of the composition once more, each test within a span: there Effect lets every error fail as a proxy of
 * itself, which is equal to nothing and a key of nothing.
 */
import { vi } from "vitest"

vi.mock("@effect/vitest", async (importOriginal) => {
  const original = await importOriginal<typeof import("@effect/vitest")>()
  const { Effect } = await import("effect")
  type Tester = typeof original.it.effect
  const spanned = (tester: Tester): Tester =>
    Object.assign(
      ((name, self, options) =>
        tester(`in a span: ${name}`, (context) => Effect.withSpan(self(context), "handler"), options)) as Tester,
      tester
    )
  const it = Object.assign(((...args: Parameters<typeof original.it>) => original.it(...args)) as typeof original.it, {
    ...original.it,
    effect: spanned(original.it.effect),
    live: spanned(original.it.live as never)
  })
  return { ...original, it }
})

await import("./Resilience.test.js")
await import("./Fallback.test.js")
await import("./Fallback.streams.test.js")
await import("./Fallback.contextWindow.test.js")
await import("./RetryPolicy.test.js")
await import("./Deadline.test.js")
await import("./Rejection.test.js")
await import("./ai/ResilientLanguageModel.test.js")
await import("./ai/ResilientLanguageModel.targets.test.js")
await import("./ai/ResilientLanguageModel.stream.test.js")
await import("./ai/ResilientLanguageModel.tools.test.js")
