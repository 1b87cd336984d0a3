import { it } from "@effect/vitest"
import { Effect } from "effect"
import * as MisbehavingProvider from "effect-resilience/testing/MisbehavingProvider"
import { describe, expect } from "vitest"

const { Script, Step } = MisbehavingProvider

const post = (url: string, body: unknown) =>
  Effect.tryPromise((signal) => fetch(url, { method: "POST", body: JSON.stringify(body), signal }))

const chat = { model: "gpt-5", messages: [{ role: "user", content: "hello" }] }

describe("MisbehavingProvider", () => {
  it.scopedLive("follows its script call by call and keeps a log of it", () =>
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.make({
        script: Script.inOrder(
          [Step.rateLimited({ retryAfter: "3 seconds" }), Step.reset(), Step.serverError({ status: 503 })],
          { afterwards: "answer" }
        )
      })
      const ask = Effect.either(post(`${provider.openAiUrl}/chat/completions`, chat))
      const limited = yield* Effect.flatten(ask)
      expect(limited.status).toBe(429)
      expect(limited.headers.get("retry-after")).toBe("3")
      expect((yield* ask)._tag).toBe("Left")
      expect((yield* Effect.flatten(ask)).status).toBe(503)
      expect((yield* Effect.flatten(ask)).status).toBe(200)
      const attempts = yield* provider.awaitSettled
      expect(attempts.map((attempt) => [attempt.index, attempt.step?._tag, attempt.status])).toEqual([
        [0, "RateLimited", 429],
        [1, "Reset", undefined],
        [2, "ServerError", 503],
        [3, "Answer", 200]
      ])
    })
  )
})
