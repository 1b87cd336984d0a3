/**
 * Several processes that are one gateway, as `--workers` starts them.
 */
import { expect, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import * as MisbehavingProvider from "effect-resilience/testing/MisbehavingProvider"
import { Script, Step } from "effect-resilience/testing/MisbehavingProvider"
import { configOf, messages, post } from "./asking.js"
import { spawnGateway, startGateway } from "./process.js"

const chat = { model: "main", messages }

const get = (url: string) => Effect.promise(() => fetch(url, { headers: { connection: "close" } }))

it.scopedLive(
  "two workers are one gateway: for circuits, limits, orders, metrics, a death, a reload and the end",
  () =>
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.make({
        models: {
          broken: Script.always(Step.overloaded()),
          slow: Script.always(Step.answer({ firstToken: "2 seconds" }))
        }
      })
      const config = configOf(provider, {
        admin: { port: 0 },
        routes: [
          { model: "main", targets: [{ upstream: "openai" }] },
          { model: "slow", targets: [{ upstream: "openai" }] },
          { model: "broken", targets: [{ upstream: "openai" }, { upstream: "openai", model: "main" }] }
        ],
        clients: [
          { name: "free", key: "FREE" },
          { name: "limited", key: "LIMITED", requests: { limit: 4, per: "1 hour" } }
        ],
        policy: {
          circuitBreaker: { failures: 3, openDuration: "1 minute" },
          retry: { initialDelay: "1 millis" },
          attemptTimeout: "10 seconds"
        }
      })
      const gateway = yield* startGateway({
        config,
        args: ["--workers", "2"],
        env: { FREE: "key-of-free", LIMITED: "key-of-limited" }
      })
      expect(gateway.output()).toContain("2 workers")
      const [, adminUrl = ""] = yield* gateway.says(/live page on (\S+)/)
      // Each over a connection of its own, so that the workers take turns.
      const ask = (body: object, key = "free", url = gateway.url) =>
        post(`${url}/v1/chat/completions`, body, { authorization: `Bearer key-of-${key}`, connection: "close" })
      const statuses = (body: object, count: number, key?: string) =>
        Effect.all(
          Array.from({ length: count }, () => Effect.map(ask(body, key), ({ status }) => status)),
          { concurrency: 4 }
        )
      const state = Effect.flatMap(get(`${adminUrl}/state`), (response) => Effect.promise(() => response.json()))
      const targetOf = (name: string) =>
        Effect.map(state, ({ targets }) => targets.find((target: { readonly name: string }) => target.name === name))

      // One limit for both of them, and one circuit.
      const answeredWithin = (yield* statuses(chat, 12, "limited")).filter((status) => status === 200).length
      expect(answeredWithin).toBeGreaterThan(0)
      // A limit of a fleet lets a call more through for each process; two limits would let eight.
      expect(answeredWithin).toBeLessThanOrEqual(4 + 2)
      yield* statuses({ ...chat, model: "broken" }, 8)
      const tried = (yield* provider.awaitSettled).filter(({ model }) => model === "broken").length
      expect(tried).toBeGreaterThanOrEqual(3)
      expect(yield* targetOf("openai/broken")).toMatchObject({ circuit: "open", attempts: tried, failures: tried })
      yield* statuses({ ...chat, model: "broken" }, 4)
      expect((yield* provider.awaitSettled).filter(({ model }) => model === "broken").length).toBe(tried)

      // Whoever is asked tells of both.
      const { processes } = yield* state
      expect(processes.map(({ worker }: { readonly worker: number }) => worker)).toEqual([1, 2])
      const scraped = yield* Effect.flatMap(get(adminUrl.replace(/admin$/, "metrics")), (response) =>
        Effect.promise(() => response.text())
      )
      for (const worker of [1, 2]) expect(scraped).toMatch(new RegExp(`^llm_attempts_total\\{worker="${worker}"`, "m"))
      expect(scraped.match(/^# TYPE llm_attempts_total /gm)).toHaveLength(1)

      // A worker dies under load: its calls are cut, those of the other are not, and another takes its place.
      const order = (path: string) =>
        Effect.map(post(`${adminUrl}/${path}`, { target: "openai/main" }), ({ status }) => status)
      expect(yield* order("isolate")).toBe(200)
      expect(yield* statuses(chat, 4)).toEqual([503, 503, 503, 503])
      expect(yield* order("release")).toBe(200)
      expect(yield* statuses(chat, 4)).toEqual([200, 200, 200, 200])
      expect(yield* order("isolate")).toBe(200)
      const [{ pid: victim }, { pid: other }] = processes
      const load = yield* Effect.fork(
        Effect.all(
          Array.from({ length: 40 }, () => Effect.exit(Effect.tryPromise(() => fetch(`${gateway.url}/healthz`)))),
          { concurrency: 4 }
        )
      )
      process.kill(victim, "SIGKILL")
      yield* gateway.says(/worker 1 has ended \(SIGKILL\); another takes its place/)
      const answered = yield* Fiber.join(load)
      expect(answered.filter(({ _tag }) => _tag === "Success").length).toBeGreaterThan(0)
      const back = yield* Effect.repeat(Effect.delay(state, "50 millis"), {
        until: ({ processes }) => processes.length === 2
      })
      expect(back.processes.map(({ pid }: { readonly pid: number }) => pid)).not.toContain(victim)
      expect(back.processes.map(({ pid }: { readonly pid: number }) => pid)).toContain(other)
      // What was told by hand is told to whoever comes later; and what was learnt is known to it.
      expect(yield* statuses(chat, 4)).toEqual([503, 503, 503, 503])

      // A configuration that cannot be changes nothing; another one is in force in both.
      gateway.write({ ...config, routes: [] })
      gateway.kill("SIGHUP")
      yield* gateway.says(/is left aside:\nroutes/)
      expect((yield* ask({ ...chat, model: "new" })).status).toBe(404)
      gateway.write({ ...config, routes: [...config.routes, { model: "new", targets: [{ upstream: "openai" }] }] })
      gateway.kill("SIGHUP")
      yield* gateway.says(/is in force/)
      expect(yield* statuses({ ...chat, model: "new" }, 4)).toEqual([200, 200, 200, 200])

      // The end: what is under way is let finish, in whichever worker it is.
      const slow = yield* Effect.fork(statuses({ ...chat, model: "slow" }, 4))
      yield* provider.awaitAttempts((yield* provider.attempts).length + 4)
      gateway.kill("SIGTERM")
      expect(yield* Fiber.join(slow)).toEqual([200, 200, 200, 200])
      expect(yield* gateway.ended).toBe(0)
      for (const { pid } of back.processes) expect(() => process.kill(pid, 0)).toThrow()
    }),
  60_000
)

it.scopedLive("W5: what no worker can serve is told once, and ends all of them", () =>
  Effect.gen(function* () {
    const provider = yield* MisbehavingProvider.make()
    const config = configOf(provider, { clients: [{ name: "a", key: "NOBODY_SET_THIS" }] })
    const gateway = yield* spawnGateway({ config, args: ["--workers", "3"] })
    expect(yield* gateway.ended).toBe(1)
    expect(gateway.output()).toBe("clients[0].key names the environment variable NOBODY_SET_THIS, which is not set\n")
  })
)
