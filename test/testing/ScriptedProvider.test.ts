import AnthropicSdk from "@anthropic-ai/sdk"
import type { ConverseStreamOutput } from "@aws-sdk/client-bedrock-runtime"
import { describe, expect, it } from "@effect/vitest"
import { Clock, Duration, Effect, Fiber, Stream, TestClock } from "effect"
import { LlmCall, LlmError, Resilience } from "effect-resilience"
import * as Assertions from "effect-resilience/testing/Assertions"
import * as ScriptedProvider from "effect-resilience/testing/ScriptedProvider"
import * as Simulation from "effect-resilience/testing/Simulation"
import OpenAI from "openai"

const { Script, Step } = ScriptedProvider

const messages = [{ role: "user" as const, content: "Why is the sky blue?" }]
const reply = { text: "one two three four" }
const chat = "/v1/chat/completions"
const body = { model: "gpt-5", messages }

const openAi = ({ fetch }: ScriptedProvider.ScriptedProvider) =>
  new OpenAI({ apiKey: "none", maxRetries: 0, logLevel: "off", fetch })

const asking = (openai: OpenAI) =>
  LlmCall.tryPromise({ try: (signal) => openai.chat.completions.create(body, { signal }) })

const reading = (openai: OpenAI) =>
  LlmCall.tryStream({ try: (signal) => openai.chat.completions.create({ ...body, stream: true }, { signal }) })

describe("ScriptedProvider.fetch", () => {
  it.effect("V1: answers a vendor's client after the time that the script says, whatever it is", () =>
    Effect.gen(function* () {
      const provider = yield* ScriptedProvider.make({ script: Script.always(Step.answer({ delay: "1 hour", reply })) })
      const ended = yield* Assertions.runToEnd(asking(openAi(provider)))
      expect((yield* ended.exit).choices[0]?.message.content).toBe(reply.text)
      yield* Assertions.within(ended, "1 hour")
      expect(yield* Clock.currentTimeMillis).toBe(3_600_000)
      expect(yield* provider.asked).toMatchObject([
        {
          index: 0,
          at: 0,
          endedAt: 3_600_000,
          dialect: "openai-chat",
          model: "gpt-5",
          prompt: messages[0]!.content,
          body
        }
      ])
    })
  )

  it.effect("V1: streams at a pace, and stalls until the policies have had enough", () =>
    Effect.gen(function* () {
      const pace = { reply, firstToken: "3 seconds", betweenChunks: "1 second" } as const
      const provider = yield* ScriptedProvider.make({
        script: Script.inOrder([Step.stallAfterHeaders(), Step.answer(pace)], { afterwards: "answer" })
      })
      const seen: Array<readonly [string, number]> = []
      const words = reading(openAi(provider)).pipe(
        Resilience.protectStream("openai/gpt-5"),
        Stream.runForEach(({ choices }) =>
          Effect.map(Clock.currentTimeMillis, (now) => {
            const word = choices[0]?.delta.content
            if (word) seen.push([word, now])
          })
        )
      )
      const ended = yield* Assertions.runToEnd(words)
      yield* Assertions.attempts(ended, [
        { outcome: "TimedOut", at: 0, wait: "500 millis" },
        { outcome: "Success", at: "10500 millis" }
      ])
      expect(seen).toEqual([
        ["one ", 13_500],
        ["two ", 14_500],
        ["three ", 15_500],
        ["four", 16_500]
      ])
      expect((yield* provider.asked).map(({ endedAt, left }) => [endedAt, left])).toEqual([
        [10_000, true],
        [16_500, false]
      ])
    }).pipe(
      Effect.provide(
        Resilience.layer({
          stream: { firstToken: "10 seconds" },
          retry: { jitter: "none", initialDelay: "500 millis" }
        })
      )
    )
  )

  it.effect("speaks the dialect of the path, and complains of what is no request of it", () =>
    Effect.gen(function* () {
      const { asked, fetch } = yield* ScriptedProvider.make({ reply })
      const anthropic = new AnthropicSdk({ apiKey: "none", maxRetries: 0, fetch })
      const message = yield* Effect.promise(() =>
        anthropic.messages.create({ model: "claude", max_tokens: 9, messages })
      )
      expect(message.content).toMatchObject([{ type: "text", text: reply.text }])
      const told = (url: string, init: RequestInit) =>
        Effect.promise(async () => {
          const response = await fetch(url, init)
          return [response.status, response.url, JSON.parse(await response.text()).error.message]
        })
      const post = (body: string) => ({ method: "POST", body })
      const url = "https://api.openai.com/v1/chat/completions"
      expect(yield* told(url, post("{"))).toEqual([400, url, "We could not parse the JSON body of your request."])
      expect(yield* told(url, post("{}"))).toEqual([400, url, "you must provide a model parameter"])
      expect(yield* told(url, {})).toEqual([405, url, "Not allowed to GET on /v1/chat/completions."])
      expect(yield* told("https://acme.example/v9", post("{}"))).toEqual([
        404,
        "https://acme.example/v9",
        "Invalid URL (POST /v9)"
      ])
      expect((yield* asked).length).toBe(1)
    })
  )

  it.effect("ends for a caller who leaves, before the response and within it", () =>
    Effect.gen(function* () {
      const provider = yield* ScriptedProvider.make({
        script: Script.inOrder([Step.stall(), Step.stallAfterContent({ after: 2, reply })], { afterwards: "answer" })
      })
      const openai = openAi(provider)
      for (const self of [asking(openai), Stream.runDrain(reading(openai))]) {
        const fiber = yield* Effect.fork(self)
        yield* TestClock.adjust("10 seconds")
        yield* Fiber.interrupt(fiber)
      }
      yield* TestClock.adjust("10 seconds")
      expect((yield* provider.asked).map(({ endedAt, left }) => [endedAt, left])).toEqual([
        [10_000, true],
        [20_000, true]
      ])
      const aborted = new AbortController()
      const error = yield* Effect.promise(async () => {
        const response = await provider.fetch(`https://acme.example${chat}`, {
          method: "POST",
          body: JSON.stringify({ ...body, stream: true }),
          signal: aborted.signal
        })
        aborted.abort(new Error("enough"))
        return response.text().catch((error) => error)
      })
      expect(error).toMatchObject({ message: "enough" })
    })
  )

  it.live("runs in the time of a simulation", () =>
    Effect.gen(function* () {
      const clients = Effect.gen(function* () {
        const provider = yield* ScriptedProvider.make({ script: Script.always(Step.answer({ delay: "1 minute" })) })
        const one = Effect.repeatN(asking(openAi(provider)), 59)
        yield* Effect.all([one, one], { concurrency: "unbounded" })
        return (yield* provider.asked).length
      })
      expect(yield* Simulation.virtually(Effect.zip(clients, Clock.currentTimeMillis), "1 day")).toEqual([
        120, 3_600_000
      ])
    })
  )
})

describe("ScriptedProvider's effects and streams", () => {
  it.effect("give what the vendor's client gives, and fail with what the script says", () =>
    Effect.gen(function* () {
      const overloaded = new LlmError.Overloaded({ status: 529 })
      const provider = yield* ScriptedProvider.make({ reply })
      const openai = openAi(provider)
      const plain = yield* provider.answer<OpenAI.ChatCompletion>(chat, body)
      expect({ ...plain, id: "" }).toEqual({ ...(yield* asking(openai)), id: "" })
      const chunks = Array.from(yield* Stream.runCollect(provider.stream<OpenAI.ChatCompletionChunk>(chat, body)))
      const theirs = Array.from(yield* Stream.runCollect(reading(openai)))
      const withoutId = (chunk: OpenAI.ChatCompletionChunk) => ({ ...chunk, id: "" })
      expect(chunks.map(withoutId)).toEqual(theirs.map(withoutId))

      yield* provider.script(
        Script.inOrder(
          [
            Step.fail(overloaded),
            Step.rateLimited({ retryAfter: "7 seconds" }),
            Step.reset(),
            Step.errorBodyIn200(),
            Step.truncatedBody()
          ],
          { afterwards: "answer" }
        )
      )
      const fails = Effect.flip(provider.answer(chat, body))
      expect(yield* fails).toBe(overloaded)
      expect(yield* fails).toMatchObject({ _tag: "RateLimited", status: 429, retryAfter: Duration.seconds(7) })
      expect((yield* fails)._tag).toBe("ConnectionFailed")
      expect((yield* fails)._tag).toBe("ServerError")
      expect((yield* fails)._tag).toBe("MalformedResponse")
      expect(yield* Effect.flip(provider.answer("/v9", body))).toMatchObject({ status: 404 })
    })
  )

  it.effect("break off in the middle, in the words of each dialect", () =>
    Effect.gen(function* () {
      const paths = {
        [chat]: body,
        "/v1/responses": { model: "gpt-5", input: "Why?" },
        "/v1/messages": { ...body, max_tokens: 9 },
        "/v2/chat": body,
        "/api/chat": body,
        "/v1beta/models/gemini:streamGenerateContent": { contents: [{ parts: [{ text: "Why?" }] }] },
        "/model/claude/converse-stream": { messages: [{ role: "user", content: [{ text: "Why?" }] }] }
      }
      const provider = yield* ScriptedProvider.make({ reply })
      for (const [path, body] of Object.entries(paths)) {
        const { attempts, exit } = yield* Assertions.runToEnd(
          Stream.runDrain(Resilience.protectStream(provider.stream(path, body), path))
        )
        expect([path, exit._tag, attempts.map(({ outcome }) => outcome)]).toEqual([path, "Success", ["Success"]])
        yield* provider.script(
          Script.inOrder([Step.cutBody({ after: 2 }), Step.errorInStream({ after: 1 })], { afterwards: "answer" })
        )
        for (const _ of [1, 2]) {
          const broken = yield* Effect.flip(
            Stream.runDrain(Resilience.protectStream(provider.stream(path, body), path))
          )
          expect([path, broken._tag]).toEqual([path, "StreamInterrupted"])
        }
        yield* provider.reset
      }
    }).pipe(Effect.provide(Resilience.layer({ retry: false })))
  )

  it.effect("speak Bedrock's binary messages, in pieces of any size, and know a broken one", () =>
    Effect.gen(function* () {
      const provider = yield* ScriptedProvider.make({ reply })
      const messages = [{ role: "user", content: [{ text: "Why?" }] }]
      const reading = provider.stream<ConverseStreamOutput>("/model/claude/converse-stream", { messages })
      for (const boundaries of ["events", "anywhere"] as const) {
        yield* provider.script(Script.always(Step.answer({ boundaries })))
        const elements = Array.from(yield* Stream.runCollect(reading))
        expect(elements.map((element) => element.contentBlockDelta?.delta?.text ?? "").join("")).toBe(reply.text)
        expect(elements.slice(-2)).toMatchObject([{ messageStop: { stopReason: "end_turn" } }, { metadata: {} }])
      }
      const broken = {
        MalformedResponse: [Step.malformedEvent({ at: 1 }), Step.truncatedBody()],
        RateLimited: [Step.errorInStream({ after: 1, problem: "rateLimited" })],
        ConnectionFailed: [Step.cutBody({ after: 1 })]
      }
      for (const [tag, steps] of Object.entries(broken)) {
        for (const step of steps) {
          yield* provider.script(Script.always(step))
          expect([step._tag, (yield* Effect.flip(Stream.runDrain(reading)))._tag]).toEqual([step._tag, tag])
        }
      }
    })
  )

  it.effect("names what it does not know", () =>
    Effect.gen(function* () {
      expect(String(yield* Effect.flip(ScriptedProvider.make({ scrip: 1 } as never)))).toContain(
        'Option "scrip" of the scripted provider is 1'
      )
    })
  )
})
