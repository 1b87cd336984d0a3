/** The vendors' clients' own streams under `protectStream`, where the provider falls silent or leaves in the middle. */
import { it } from "@effect/vitest"
import { Effect, Either, ManagedRuntime, Redacted, Stream } from "effect"
import { LlmCall, LlmError, Resilience } from "effect-resilience"
import * as MisbehavingProvider from "effect-resilience/testing/MisbehavingProvider"
import { afterAll, describe, expect } from "vitest"
import type { Client, Entry, Seam } from "./clients/Client.js"
import { sentence } from "./clients/Client.js"
import { entries } from "./clients/index.js"
import { once, reply } from "./clients/matrix.js"

const { Step } = MisbehavingProvider

const bare: Seam = { fetch: (...request) => globalThis.fetch(...request), transform: (client) => client }

const policies = ManagedRuntime.make(
  Resilience.layer({
    deadline: "20 seconds",
    circuitBreaker: false,
    retryBudget: false,
    retry: { maxAttempts: 2, initialDelay: 1 }
  })
)
afterAll(() => policies.dispose())

type Ask = NonNullable<Client["toolStream"]>

/** What a consumer has of it, what the provider saw, and how it ended. */
const seen = (
  entry: Entry,
  askOf: (client: Client) => Ask,
  step: MisbehavingProvider.Step.Step,
  options: Resilience.StreamOptions<unknown> = {}
) =>
  Effect.gen(function* () {
    const provider = yield* MisbehavingProvider.make({ reply, script: once(step) })
    const ask = askOf(entry.make(provider, bare))
    let text = ""
    const calls: Array<string> = []
    const result = yield* LlmCall.tryStream({ target: "a", try: async (signal) => ask(signal) }).pipe(
      Resilience.protectStream("a", { dialect: entry.dialect, firstToken: "10 seconds", ...options }),
      Stream.runForEach((element) =>
        Effect.sync(() => {
          const reading = entry.dialect.read(element)
          text += reading.text ?? ""
          calls.push(...(reading.toolCalls ?? []).flatMap(({ name }) => (name === "" ? [] : [name])))
        })
      ),
      Effect.either
    )
    const attempts = yield* provider.awaitSettled
    return { text, calls: [...new Set(calls)], error: Either.isLeft(result) ? result.left : undefined, attempts }
  }).pipe(Effect.provide(policies))

const interruptedBy = (error: unknown): LlmError.StreamInterrupted => {
  expect(error).toBeInstanceOf(LlmError.StreamInterrupted)
  return error as LlmError.StreamInterrupted
}

/** How a provider leaves within a call that has begun. */
const left: ReadonlyArray<MisbehavingProvider.Step.Step> = [
  Step.cutBody({ after: 1, by: "close" }),
  Step.cutBody({ after: 1, by: "end" }),
  Step.errorInStream({ after: 1 })
]

const silent = Step.stallAfterContent({ after: 1 })

describe.each(entries.map((entry) => [entry.name, entry] as const))("%s", (_, entry) => {
  const stream = (client: Client) => client.stream
  const toolStream = (client: Client) => client.toolStream as Ask

  it.scopedLive("S7: silence after content runs into the idle limit, and the connection is closed", () =>
    Effect.gen(function* () {
      const step = Step.stallAfterContent({ after: 3 })
      const { attempts, error, text } = yield* seen(entry, stream, step, { idle: "100 millis" })
      expect(sentence.startsWith(text) && text !== "").toBe(true)
      expect(interruptedBy(error).partial).toEqual(Redacted.make(text))
      expect(attempts.map(({ clientLeft }) => clientLeft)).toEqual([true])
    })
  )

  // Mistral's API sends a call whole, and its client takes it only so. Those of Effect hand it out whole.
  const inOnePiece = ["@mistralai/mistralai", "@effect/ai-openai", "@effect/ai-anthropic"].includes(entry.name)
  it.scopedLive.skipIf(inOnePiece)("S4: a call that was begun is never a success", () =>
    Effect.gen(function* () {
      const whole = yield* seen(entry, toolStream, Step.answer())
      expect(whole).toMatchObject({ calls: ["weather"], error: undefined })
      for (const step of [...left, silent]) {
        const { attempts, error } = yield* seen(entry, toolStream, step, step === silent ? { idle: "100 millis" } : {})
        expect(
          interruptedBy(error).emittedToolCalls.map(({ name }) => name),
          step._tag
        ).toEqual(["weather"])
        expect(attempts).toHaveLength(1)
      }
      for (const step of left) {
        const again = yield* seen(entry, toolStream, step, { delivery: "buffered" })
        expect(again, step._tag).toMatchObject({ calls: ["weather"], error: undefined })
        expect(again.attempts).toHaveLength(2)
      }
    })
  )
})
