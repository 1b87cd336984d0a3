import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { Script, Step } from "effect-resilience/testing/MisbehavingProvider"
import { messages, post, start } from "./asking.js"

it.scopedLive("W2: a failing primary is followed by the next target, whose name and usage are told", () =>
  Effect.gen(function* () {
    const { gateway, provider } = yield* start({ models: { main: Script.always(Step.overloaded()) } })
    const response = yield* post(`${gateway.url}/v1/chat/completions`, { model: "main", messages })
    const answer = yield* Effect.promise(() => response.json())
    expect(response.status).toBe(200)
    expect(response.headers.get("x-effect-resilience-target")).toBe("openai/spare")
    expect(answer.model).toBe("spare")
    expect(answer.usage.total_tokens).toBeGreaterThan(0)
    expect((yield* provider.awaitSettled).map(({ model }) => model)).toEqual(["main", "main", "main", "spare"])
  })
)

it.scopedLive("a stream passes byte for byte", () =>
  Effect.gen(function* () {
    const { gateway, provider } = yield* start({
      reply: { text: "The quick brown fox", usage: { inputTokens: 3, outputTokens: 5 } }
    })
    const body = { model: "main", stream: true, messages }
    const direct = yield* Effect.flatMap(post(`${provider.openAiUrl}/chat/completions`, body), (response) =>
      Effect.promise(() => response.text())
    )
    const response = yield* post(`${gateway.url}/v1/chat/completions`, body)
    const through = yield* Effect.promise(() => response.text())
    const plain = (text: string) => text.replaceAll(/chatcmpl-\w+|"created":\d+/g, "")
    expect(plain(through)).toBe(plain(direct))
    expect(through.endsWith("data: [DONE]\n\n")).toBe(true)
  })
)

it.scopedLive("it tells that it is alive, and what it does not serve", () =>
  Effect.gen(function* () {
    const { gateway } = yield* start()
    const statusOf = (path: string) => Effect.promise(() => fetch(`${gateway.url}${path}`).then(({ status }) => status))
    expect(yield* statusOf("/healthz")).toBe(200)
    expect(yield* statusOf("/nowhere")).toBe(404)
    expect(yield* statusOf("/v1/chat/completions")).toBe(405)
    const unknown = yield* post(`${gateway.url}/v1/messages`, { model: "who", messages })
    expect(unknown.status).toBe(404)
    expect(yield* Effect.promise(() => unknown.json())).toMatchObject({
      type: "error",
      error: { type: "not_found_error" }
    })
  })
)
