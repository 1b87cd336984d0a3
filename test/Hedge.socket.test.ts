/** Hedges over real sockets: what becomes of the request that lost. */
import { describe, expect, it } from "@effect/vitest"
import { Chunk, Clock, Effect, Stream } from "effect"
import { Hedge, LlmCall, Resilience, StreamDialect } from "effect-resilience"
import * as MisbehavingProvider from "effect-resilience/testing/MisbehavingProvider"
import OpenAI from "openai"

const { Script, Step } = MisbehavingProvider

const messages = [{ role: "user" as const, content: "Hello" }]

/** A machine that is busy with other tests may be late itself. */
const loaded = { retry: 5 }

/** The slow first, the quick ones after it. */
const slowThenQuick: MisbehavingProvider.Script.Script = Script.inOrder([Step.stall(), Step.answer()], {
  afterwards: "repeatLast"
})

/** When the provider saw that the client had left. */
const leftAt = (attempts: ReadonlyArray<MisbehavingProvider.Attempt>): number =>
  attempts.find(({ clientLeft }) => clientLeft)?.endedAt ?? Number.NaN

describe("the loser's socket is closed within 50 ms of the winner", () => {
  const protectedBy = { attemptTimeout: "20 seconds", retry: false } as const

  it.scopedLive(
    "F7: of a call",
    () =>
      Effect.gen(function* () {
        const provider = yield* MisbehavingProvider.make({ script: slowThenQuick })
        const client = new OpenAI({ apiKey: "sk-test", baseURL: provider.openAiUrl, maxRetries: 0 })
        const answer = LlmCall.tryPromise({
          target: "a",
          try: (signal) => client.chat.completions.create({ model: "m", messages }, { signal })
        }).pipe(Resilience.protect("a"), Hedge.again("a", { after: "100 millis" }))
        const { choices } = yield* answer
        const wonAt = yield* Clock.currentTimeMillis
        expect(choices[0]?.message.content).toMatch(/embedded provider/)
        const attempts = yield* provider.awaitSettled
        expect(attempts.map(({ clientLeft }) => clientLeft)).toEqual([true, false])
        expect(leftAt(attempts) - wonAt).toBeLessThan(50)
      }).pipe(Effect.provide([Resilience.layer(protectedBy), Hedge.layer()])),
    loaded
  )

  it.scopedLive(
    "F7: of a stream, while the winner is read to its end",
    () =>
      Effect.gen(function* () {
        const provider = yield* MisbehavingProvider.make({ script: slowThenQuick })
        const client = new OpenAI({ apiKey: "sk-test", baseURL: provider.openAiUrl, maxRetries: 0 })
        let wonAt = 0
        const chunks = LlmCall.tryStream({
          target: "a",
          try: (signal) => client.chat.completions.create({ model: "m", messages, stream: true }, { signal })
        }).pipe(
          Resilience.protectStream("a", { dialect: StreamDialect.openAiChat }),
          Hedge.againStream("a", { after: "100 millis" }),
          Stream.tap(() =>
            Effect.map(Clock.currentTimeMillis, (now) => {
              wonAt ||= now
            })
          )
        )
        const text = Chunk.toReadonlyArray(yield* Stream.runCollect(chunks))
          .map(({ choices }) => choices[0]?.delta.content ?? "")
          .join("")
        expect(text).toMatch(/embedded provider.*asked\.$/)
        const attempts = yield* provider.awaitSettled
        expect(attempts.map(({ clientLeft }) => clientLeft)).toEqual([true, false])
        expect(leftAt(attempts) - wonAt).toBeLessThan(50)
      }).pipe(Effect.provide([Resilience.layer(protectedBy), Hedge.layer()])),
    loaded
  )
})
