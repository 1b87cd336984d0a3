/** Bedrock's Converse as AWS's own client reads it, plain and in its binary event stream. */
import { it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { LlmCall, Resilience } from "effect-resilience"
import * as MisbehavingProvider from "effect-resilience/testing/MisbehavingProvider"
import { expect } from "vitest"
import { bedrock } from "../http/clients/bedrock.js"
import { sentence } from "../http/clients/Client.js"
import { asks, expected, faults, once, reply } from "../http/clients/matrix.js"

const bare = { fetch: globalThis.fetch, transform: <A>(client: A) => client }

it.scopedLive("its client reads every kind of answer", () =>
  Effect.gen(function* () {
    const provider = yield* MisbehavingProvider.make({ reply })
    for (const [capability, ask] of asks(bedrock, bedrock.make(provider, bare))) {
      expect(yield* Effect.promise(() => ask()), capability).toEqual(expected[capability])
    }
  })
)

const streamed = (provider: MisbehavingProvider.Service) =>
  LlmCall.tryStream({
    target: "bedrock/gpt-5",
    try: async (signal) => bedrock.make(provider, bare).stream(signal)
  }).pipe(
    Resilience.protectStream("bedrock/gpt-5", { dialect: bedrock.dialect }),
    Stream.runFold("", (text, element) => text + (bedrock.dialect.read(element).text ?? "")),
    Effect.provide(
      Resilience.layer({ retry: { initialDelay: 1 }, circuitBreaker: false, stream: { firstToken: "500 millis" } })
    )
  )

it.scopedLive.each(Object.entries(faults))("a stream of it under LlmCall never hears of %s", ([, fault]) =>
  Effect.gen(function* () {
    const provider = yield* MisbehavingProvider.make({ reply, script: once(fault) })
    expect(yield* streamed(provider)).toBe(sentence)
    expect((yield* provider.attempts).length).toBeGreaterThanOrEqual(2)
  })
)

it.scopedLive("a checksum that is not right is no answer, nor is an exception in the middle", () =>
  Effect.gen(function* () {
    const { Step } = MisbehavingProvider
    for (const step of [Step.malformedEvent({ at: 2 }), Step.errorInStream({ after: 2, problem: "rateLimited" })]) {
      const provider = yield* MisbehavingProvider.make({ reply, script: once(step) })
      expect((yield* Effect.exit(streamed(provider)))._tag, step._tag).toBe("Failure")
    }
  })
)
