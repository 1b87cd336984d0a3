/** Recordings made of the real clients over sockets, and played to the same clients without. */
import * as NodeFs from "node:fs"
import * as NodeOs from "node:os"
import * as NodePath from "node:path"
import AnthropicSdk from "@anthropic-ai/sdk"
import { LanguageModel } from "@effect/ai"
import { AnthropicClient, AnthropicLanguageModel } from "@effect/ai-anthropic"
import { OpenAiClient, OpenAiLanguageModel } from "@effect/ai-openai"
import { FetchHttpClient } from "@effect/platform"
import { it } from "@effect/vitest"
import { Chunk, Effect, Exit, Layer, Redacted, type Scope, Stream } from "effect"
import { Classifier, LlmCall, Resilience, Telemetry } from "effect-resilience"
import * as MisbehavingProvider from "effect-resilience/testing/MisbehavingProvider"
import * as Recording from "effect-resilience/testing/Recording"
import OpenAI from "openai"
import { describe, expect } from "vitest"

const { Script, Step } = MisbehavingProvider

const key = "sk-planted-0123456789abcdefABCDEF"
const messages = [{ role: "user" as const, content: `Which model are you? My key is ${key}.` }]
const prompt = messages[0]!.content

interface Client {
  readonly plain: Effect.Effect<unknown, unknown>
  readonly stream: Stream.Stream<unknown, unknown>
}

type Make = (
  provider: MisbehavingProvider.Service,
  recording: Recording.Service
) => Client | Effect.Effect<Client, never, Scope.Scope>

const byModel = (layer: Layer.Layer<LanguageModel.LanguageModel>): Effect.Effect<Client, never, Scope.Scope> =>
  Effect.map(Layer.build(layer), (context) => ({
    plain: LanguageModel.generateText({ prompt }).pipe(
      Effect.map(({ text, usage }) => ({ text, usage })),
      Effect.provide(context)
    ),
    stream: LanguageModel.streamText({ prompt }).pipe(Stream.provideContext(context))
  }))

const httpClient = ({ transform }: Recording.Service) => ({ transformClient: transform })

const clients: Readonly<Record<string, Make>> = {
  openai: (provider, { fetch }) => {
    const openai = new OpenAI({ apiKey: key, baseURL: provider.openAiUrl, maxRetries: 0, logLevel: "off", fetch })
    const call = { model: "gpt-5", messages }
    return {
      plain: LlmCall.tryPromise({ try: (signal) => openai.chat.completions.create(call, { signal }) }),
      stream: LlmCall.tryStream({
        try: (signal) => openai.chat.completions.create({ ...call, stream: true }, { signal })
      })
    }
  },
  "@anthropic-ai/sdk": (provider, { fetch }) => {
    const anthropic = new AnthropicSdk({ apiKey: key, baseURL: provider.anthropicUrl, maxRetries: 0, fetch })
    const call = { model: "claude", max_tokens: 100, messages }
    return {
      plain: LlmCall.tryPromise({ try: (signal) => anthropic.messages.create(call, { signal }) }),
      stream: LlmCall.tryStream({ try: (signal) => anthropic.messages.create({ ...call, stream: true }, { signal }) })
    }
  },
  "@effect/ai-openai": (provider, recording) =>
    byModel(
      OpenAiLanguageModel.layer({ model: "gpt-5" }).pipe(
        Layer.provide(
          OpenAiClient.layer({ apiKey: Redacted.make(key), apiUrl: provider.openAiUrl, ...httpClient(recording) })
        ),
        Layer.provide(FetchHttpClient.layer)
      )
    ),
  "@effect/ai-anthropic": (provider, recording) =>
    byModel(
      AnthropicLanguageModel.layer({ model: "claude", config: { max_tokens: 100 } }).pipe(
        Layer.provide(
          AnthropicClient.layer({ apiKey: Redacted.make(key), apiUrl: provider.anthropicUrl, ...httpClient(recording) })
        ),
        Layer.provide(FetchHttpClient.layer)
      )
    )
}

/** One after the other under the same script: whatever a call can meet that is told at once. */
const steps = [
  Step.answer(),
  Step.rateLimited({ retryAfter: "20 millis" }),
  Step.invalidKey(),
  Step.proxyPage(),
  Step.reset(),
  Step.cutBody({ after: 2 }),
  Step.malformedEvent({ at: 1 }),
  Step.omitEndMarker(),
  Step.errorInStream({ after: 3 }),
  Step.errorBodyIn200(),
  Step.emptyBody(),
  Step.truncatedBody(),
  Step.answer({ boundaries: "anywhere", reply: { text: "Grüße, 世界! 🎉" } })
] as const

/** Failures as the policies read them, and whatever came before. */
const tell = (exit: Exit.Exit<unknown, unknown>): unknown => {
  if (Exit.isSuccess(exit)) return exit.value
  if (exit.cause._tag !== "Fail") return exit.cause._tag
  const { _tag, code, message, partial, requestId, retryAfter, status } = Classifier.fromUnknown(
    exit.cause.error
  ) as unknown as {
    readonly [name: string]: unknown
  }
  return { _tag, code, message, partial, requestId, retryAfter, status }
}

const told = (recording: Recording.Service, provider: MisbehavingProvider.Service, make: Make) =>
  Effect.gen(function* () {
    const made = make(provider, recording)
    const { plain, stream } = Effect.isEffect(made) ? yield* made : made
    const policies = yield* Resilience.make({
      retry: { maxAttempts: 3, initialDelay: "2 millis", jitter: "none" },
      circuitBreaker: false
    })
    const all: Array<unknown> = []
    for (const [i, step] of steps.entries()) {
      for (const call of [
        policies.protect(`target ${i}`, plain),
        Stream.runCollect(policies.protectStream(`target ${i}`, {}, stream)).pipe(Effect.map(Chunk.toReadonlyArray))
      ]) {
        yield* provider.script(Script.inOrder([step], { afterwards: "answer" }))
        const { exit, trail } = yield* Telemetry.withTrail(call)
        all.push({ answer: tell(exit), trail: trail.map(({ attempt, outcome, target }) => [target, attempt, outcome]) })
      }
    }
    return JSON.parse(JSON.stringify(all), (name, value) => (name === "timestamp" ? "made by the client" : value))
  })

describe("V2: a recording of the misbehaving provider gives the same answers, errors and trail", () => {
  for (const [name, make] of Object.entries(clients)) {
    it.scopedLive(
      name,
      () =>
        Effect.gen(function* () {
          const provider = yield* MisbehavingProvider.make()
          const folder = NodeFs.mkdtempSync(NodePath.join(NodeOs.tmpdir(), "recording-"))
          const file = NodePath.join(folder, "recording.json")
          const live = yield* Effect.scoped(
            Effect.flatMap(Recording.make({ file, mode: "record" }), (recording) => told(recording, provider, make))
          )
          const attempts = yield* provider.awaitSettled
          expect(attempts.length).toBeGreaterThan(2 * steps.length)
          const text = NodeFs.readFileSync(file, "utf8")
          expect(text).not.toContain(key)
          expect(text).not.toContain(key.slice(3))

          const replayed = yield* Effect.scoped(
            Effect.flatMap(Recording.make({ file }), (recording) =>
              Effect.tap(told(recording, provider, make), () =>
                Effect.map(recording.unplayed, (unplayed) => expect(unplayed).toBe(0))
              )
            )
          )
          expect(replayed).toEqual(live)
          // It took no network.
          expect(yield* provider.attempts).toHaveLength(attempts.length)
        }),
      60_000
    )
  }
})
