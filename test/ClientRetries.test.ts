import Anthropic from "@anthropic-ai/sdk"
import { describe, expect, it, vi } from "@effect/vitest"
import { APICallError, generateText } from "ai"
import { MockLanguageModelV3 } from "ai/test"
import { Effect, Logger, Option, Queue } from "effect"
import { ClientRetries, ResilienceEvent } from "effect-resilience"
import OpenAI, { AzureOpenAI } from "openai"

const apiKey = "not-a-key"

/** Runs `self` and collects what it logs and reports. */
const heard = (self: Effect.Effect<unknown>) =>
  Effect.gen(function* () {
    const lines: Array<string> = []
    const hub = yield* ResilienceEvent.ResilienceEvents
    const events = yield* hub.subscribe
    const logger = Logger.make(({ logLevel, message }) => lines.push(`${logLevel.label} ${message}`))
    yield* self.pipe(Effect.provide(Logger.replace(Logger.defaultLogger, logger)))
    return { lines, events: Array.from(yield* Queue.takeAll(events)) }
  }).pipe(Effect.scoped, Effect.provide(ResilienceEvent.layer()))

describe("R13: a client that retries on its own", () => {
  it("is seen in the clients as they are installed", () => {
    const found = (client: unknown) => Option.getOrUndefined(ClientRetries.ofClient(client))
    expect(found(new OpenAI({ apiKey }))).toEqual({
      client: "OpenAI",
      maxRetries: 2,
      fix: "new OpenAI({ maxRetries: 0 })"
    })
    expect(found(new OpenAI({ apiKey }).chat.completions)).toMatchObject({ client: "OpenAI", maxRetries: 2 })
    expect(found(new AzureOpenAI({ apiKey, endpoint: "https://localhost", apiVersion: "2024-10-21" }))).toMatchObject({
      client: "AzureOpenAI",
      maxRetries: 2
    })
    expect(found(new Anthropic({ apiKey }))).toMatchObject({ client: "Anthropic", maxRetries: 2 })
    expect(found(new Anthropic({ apiKey }).messages)).toMatchObject({ client: "Anthropic", maxRetries: 2 })
  })

  it("is not seen where it has been told to stop, or says nothing", () => {
    expect(ClientRetries.ofClient(new OpenAI({ apiKey, maxRetries: 0 }))).toEqual(Option.none())
    expect(ClientRetries.ofClient(new Anthropic({ apiKey, maxRetries: 0 }))).toEqual(Option.none())
    const hostile = new Proxy(
      {},
      {
        get: () => {
          throw new Error("no")
        },
        has: () => true
      }
    )
    for (const other of [null, undefined, 7, {}, { maxRetries: "2" }, hostile]) {
      expect(ClientRetries.ofClient(other)).toEqual(Option.none())
    }
  })

  it("is what the Vercel AI SDK does unless told otherwise", async () => {
    vi.useFakeTimers()
    const callsWith = async (options: { maxRetries?: number }) => {
      let calls = 0
      const model = new MockLanguageModelV3({
        doGenerate: async () => {
          calls++
          throw new APICallError({
            message: "busy",
            url: "",
            requestBodyValues: {},
            statusCode: 503,
            isRetryable: true
          })
        }
      })
      const answer = generateText({ model, prompt: "hello", ...options }).catch(() => undefined)
      await vi.advanceTimersByTimeAsync(60_000)
      await answer
      return calls
    }
    for (const options of [{}, { maxRetries: 0 }, { maxRetries: 1 }]) {
      const retries = Option.match(ClientRetries.ofCallOptions(options), {
        onNone: () => 0,
        onSome: (_) => _.maxRetries
      })
      expect(await callsWith(options)).toBe(1 + retries)
    }
    vi.useRealTimers()
  })

  it.effect("is warned of once, with the fix, in the log and as an event", () =>
    Effect.gen(function* () {
      const client = new OpenAI({ apiKey })
      const { events, lines } = yield* heard(Effect.replicateEffect(ClientRetries.warn(client, "openai/gpt-5"), 3))
      expect(lines).toHaveLength(1)
      expect(lines[0]).toContain("WARN OpenAI repeats a failed call up to 2 times itself")
      expect(lines[0]).toContain("new OpenAI({ maxRetries: 0 })")
      expect(events).toEqual([
        { _tag: "ClientRetries", at: 0, target: "openai/gpt-5", client: "OpenAI", maxRetries: 2 }
      ])
      expect((yield* heard(ClientRetries.warn(new OpenAI({ apiKey })))).lines).toHaveLength(1)
      expect(yield* heard(ClientRetries.warn(new OpenAI({ apiKey, maxRetries: 0 })))).toEqual({ lines: [], events: [] })
    })
  )

  it.effect("in calls of the Vercel AI SDK is warned of once for each target", () =>
    Effect.gen(function* () {
      const { events, lines } = yield* heard(Effect.replicateEffect(ClientRetries.warnCallOptions({}, "a"), 3))
      expect(lines).toHaveLength(1)
      expect(lines[0]).toContain("maxRetries: 0")
      expect(events).toMatchObject([{ target: "a", client: "Vercel AI SDK", maxRetries: 2 }])
      expect((yield* heard(ClientRetries.warnCallOptions({ maxRetries: 0 }, "b"))).lines).toEqual([])
    })
  )
})
