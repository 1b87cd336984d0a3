/**
 * Gateways as two machines would run them, each a process of its own, over a real Redis.
 */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import * as MisbehavingProvider from "effect-resilience/testing/MisbehavingProvider"
import { Script, Step } from "effect-resilience/testing/MisbehavingProvider"
import type { Standing } from "../../src/gateway/internal/admin/api.js"
import { isInstalled, redisServer } from "../redis/server.js"
import { configOf, messages, post } from "./asking.js"
import { startGateway } from "./process.js"

const redis = Effect.acquireRelease(
  Effect.promise(() => redisServer()),
  ({ kill }) => Effect.promise(() => kill())
)

const chat = { model: "main", messages }

describe.skipIf(!isInstalled)("two gateways that share a Redis", () => {
  it.scopedLive(
    "K1: an outage that one has seen opens the circuit of the other, and a client's limit is that of both",
    () =>
      Effect.gen(function* () {
        const { kill, url } = yield* redis
        const provider = yield* MisbehavingProvider.make({ models: { main: Script.always(Step.overloaded()) } })
        const start = startGateway({
          config: configOf(provider, {
            shared: { redis: { url: "REDIS", prefix: "gateway:", patience: "1 second" } },
            admin: { port: 0 },
            clients: [
              { name: "a", key: "TEAM_A", requests: { limit: 12, per: "1 hour" } },
              { name: "b", key: "TEAM_B" }
            ],
            policy: {
              circuitBreaker: { failures: 3, openDuration: "1 minute" },
              retry: { maxAttempts: 3, initialDelay: "1 millis" }
            }
          }),
          env: { REDIS: url, TEAM_A: "key-of-a", TEAM_B: "key-of-b" }
        })
        const [one, other] = yield* Effect.all([start, start], { concurrency: 2 })
        const ask = (url: string, key = "key-of-b") =>
          Effect.map(
            post(`${url}/v1/chat/completions`, chat, { authorization: `Bearer ${key}` }),
            ({ headers, status }) => [status, headers.get("x-effect-resilience-target")]
          )
        expect(yield* ask(one.url)).toEqual([200, "openai/spare"])
        yield* Effect.sleep("200 millis")
        const asked = (yield* provider.awaitSettled).filter(({ model }) => model === "main").length
        expect(yield* ask(other.url)).toEqual([200, "openai/spare"])
        expect((yield* provider.awaitSettled).filter(({ model }) => model === "main").length).toBe(asked)

        let answered = 0
        for (let at = 0; at < 20; at++) {
          const [status] = yield* ask(at % 2 === 0 ? one.url : other.url, "key-of-a")
          if (status === 200) answered++
          else expect(status).toBe(429)
        }
        expect(answered).toBeGreaterThan(0)
        expect(answered).toBeLessThanOrEqual(12)

        const [, admin = ""] = yield* one.says(/live page on (\S+)/)
        const seen = Effect.map(
          Effect.promise(() => fetch(`${admin}/state`).then((response) => response.json())),
          (answer) => {
            const { processes, targets } = answer as Standing
            return { shared: processes[0]?.shared, views: targets.map(({ views }) => views) }
          }
        )
        const gauge = Effect.promise(async () => {
          const metrics = await (await fetch(admin.replace(/admin$/, "metrics"))).text()
          return /^llm_shared_state_joined\S* (\d)/m.exec(metrics)?.[1]
        })
        const joined = yield* seen
        expect(joined.shared).toEqual({ joined: true, lastHeardMillisAgo: expect.any(Number) })
        expect(joined.views).toContainEqual({ circuit: "shared", parking: "shared" })
        expect(yield* gauge).toBe("1")

        yield* Effect.promise(() => kill())
        expect(yield* ask(one.url)).toEqual([200, "openai/spare"])
        yield* Effect.repeat(seen, {
          until: ({ shared }) => shared?.joined === false,
          schedule: Schedule.spaced("50 millis")
        })
        const alone = yield* seen
        expect(alone.shared).toEqual({
          joined: false,
          aloneForMillis: expect.any(Number),
          lastHeardMillisAgo: expect.any(Number)
        })
        expect(alone.views).toContainEqual({ circuit: "local", parking: "local" })
        expect(yield* gauge).toBe("0")
      })
  )
})
