/**
 * The gateway as a process: what it is told by the environment, by signals and by its file, and what it never tells.
 */
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { expect, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import * as MisbehavingProvider from "effect-resilience/testing/MisbehavingProvider"
import { Script, Step } from "effect-resilience/testing/MisbehavingProvider"
import { configOf, messages, post } from "./asking.js"
import { spawnGateway, startGateway } from "./process.js"

const chat = { model: "main", max_tokens: 50, messages }
const key = "sk-planted-0123456789abcdef"

const text = (url: string, init?: RequestInit) =>
  Effect.promise(async () => {
    const response = await fetch(url, init)
    return JSON.stringify([...response.headers]) + (await response.text())
  })

it.scopedLive(
  "W6, W9, W10: file, environment and signals are heeded, and the upstream's key is nowhere",
  () =>
    Effect.gen(function* () {
      const tells = Step.status({
        status: 400,
        body: `{"error":{"message":"Your key ${key} may not","type":"invalid_request_error"}}`
      })
      const provider = yield* MisbehavingProvider.make({
        models: {
          main: Script.always(Step.overloaded()),
          telling: Script.always(tells),
          cut: Script.inOrder([Step.cutBody({ after: 3 })], { afterwards: "answer" }),
          slow: Script.always(Step.answer({ betweenChunks: "100 millis" }))
        }
      })
      const config = configOf(provider, {
        upstreams: { openai: { baseUrl: provider.openAiUrl, dialect: "openai", keys: "UPSTREAM_KEY" } },
        routes: ["main", "telling", "cut", "slow"].map((model) => ({
          model,
          targets: [{ upstream: "openai" }]
        })) as never,
        admin: { port: 0 },
        policy: {}
      })
      const gateway = yield* startGateway({
        config,
        env: {
          UPSTREAM_KEY: key,
          PORT: "0",
          HOST: "127.0.0.2",
          DELIVERY: "buffered",
          LLM_MAX_RETRIES: "2",
          LLM_RETRY_INITIAL_DELAY: "1 millis"
        }
      })
      expect(gateway.url).toContain("127.0.0.2")
      const url = `${gateway.url}/v1/chat/completions`
      const [, adminUrl = ""] = yield* gateway.says(/live page on (\S+)/)
      const ask = (model: string, stream = false) =>
        text(url, { method: "POST", body: JSON.stringify({ ...chat, model, stream }) })
      const seen = [
        yield* ask("main"),
        yield* ask("telling"),
        yield* ask("telling", true),
        yield* ask("slow"),
        yield* ask("nobody")
      ]
      const cut = yield* ask("cut", true)
      expect(cut).toContain("[DONE]")
      expect(cut).not.toContain('"error"')
      // As often as the environment says.
      expect((yield* provider.awaitSettled).filter(({ model }) => model === "main").length).toBe(2)
      for (const path of ["", "/state", "/docs"]) seen.push(yield* text(adminUrl + path))
      seen.push(yield* text(adminUrl.replace(/admin$/, "metrics")))

      // The file has changed; no signal is needed.
      gateway.write({ ...config, upstreams: { openai: { ...config.upstreams.openai, keys: key } } })
      yield* gateway.says(/is left aside:\nupstreams\.openai\.keys/)
      gateway.write({ ...config, routes: [{ model: "new", targets: [{ upstream: "openai" }] }, ...config.routes] })
      yield* gateway.says(/is in force/)
      expect((yield* post(url, { ...chat, model: "new" })).status).toBe(200)

      // Streams are let finish, nobody new is let in, and the code is 0.
      const before = (yield* provider.attempts).length
      const stream = yield* Effect.fork(ask("slow", true))
      yield* provider.awaitAttempts(before + 1)
      gateway.kill("SIGTERM")
      yield* Effect.repeat(
        Effect.delay(Effect.exit(Effect.tryPromise(() => fetch(`${gateway.url}/healthz`))), "20 millis"),
        {
          until: ({ _tag }) => _tag === "Failure"
        }
      )
      const last = yield* Fiber.join(stream)
      expect(last).toContain("[DONE]")
      expect(yield* gateway.ended).toBe(0)
      for (const told of [...seen, last, gateway.output()]) expect(told).not.toContain(key.slice(3, 14))
    }),
  40_000
)

it.scopedLive(
  "W5: a file is heeded too that has taken the place of another, was away for a while, or is behind a link",
  () =>
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.make()
      const config = configOf(provider)
      const gateway = yield* startGateway({ config })
      const folder = dirname(gateway.file)
      let told = 0
      /** Waits until it has been told so often that another configuration is in force, which has a model of its own. */
      const inForce = Effect.gen(function* () {
        told++
        yield* gateway.says(new RegExp(`(?:is in force[^]*){${told}}`))
        const models = yield* text(`${gateway.url}/v1/models`)
        expect(models).toContain(`"number-${told}"`)
      })
      const next = (): string =>
        JSON.stringify({ ...config, routes: [{ model: `number-${told + 1}`, targets: [{ upstream: "openai" }] }] })
      const replace = (): void => {
        writeFileSync(`${gateway.file}.new`, next())
        renameSync(`${gateway.file}.new`, gateway.file)
      }
      for (let i = 0; i < 2; i++) {
        replace()
        yield* inForce
      }
      rmSync(gateway.file)
      yield* gateway.says(/there is no such file/)
      writeFileSync(gateway.file, next())
      yield* inForce
      // As Kubernetes has it: the file is a link into a folder, which is a link too, and only that changes.
      for (const version of ["one", "two", "three"]) {
        mkdirSync(join(folder, `..${version}`))
        writeFileSync(join(folder, `..${version}`, "gateway.json"), next())
        symlinkSync(`..${version}`, join(folder, "..new"))
        renameSync(join(folder, "..new"), join(folder, "..data"))
        if (version === "one") {
          rmSync(gateway.file)
          symlinkSync(join("..data", "gateway.json"), gateway.file)
        }
        yield* inForce
      }
    }),
  40_000
)

it.scopedLive("W9: SIGINT ends it with code 0, and a stream that does not end is cut when its time is over", () =>
  Effect.gen(function* () {
    const provider = yield* MisbehavingProvider.make({
      script: Script.always(Step.stallAfterContent({ after: 3 }))
    })
    const gateway = yield* startGateway({
      config: configOf(provider, { bounds: { shutdownTime: "300 millis" }, policy: { stream: { idle: "1 minute" } } })
    })
    const stream = yield* Effect.fork(
      Effect.exit(
        Effect.tryPromise(async () => {
          const response = await fetch(`${gateway.url}/v1/chat/completions`, {
            method: "POST",
            body: JSON.stringify({ ...chat, stream: true })
          })
          return response.text()
        })
      )
    )
    yield* provider.awaitAttempts(1)
    yield* Effect.sleep("200 millis")
    gateway.kill("SIGINT")
    expect(yield* gateway.ended).toBe(0)
    expect((yield* Fiber.join(stream))._tag).toBe("Failure")
  })
)

it.scopedLive("W5: a wrong variable, and a wrong file, are told by name and end it with code 1", () =>
  Effect.gen(function* () {
    const wrong = yield* spawnGateway({ env: { LLM_MAX_RETRIES: "many", PORT: "0" } })
    const missing = yield* spawnGateway({ env: { GATEWAY_CONFIG: "/nowhere/gateway.yaml" } })
    const checked = yield* spawnGateway({ command: ["check"], config: { upstreams: {}, routes: [] } as never })
    expect(yield* wrong.ended).toBe(1)
    expect(wrong.output()).toMatch(/LLM_MAX_RETRIES.*many/s)
    expect(yield* missing.ended).toBe(1)
    expect(missing.output()).toContain("/nowhere/gateway.yaml cannot be read: there is no such file")
    expect(yield* checked.ended).toBe(1)
    expect(checked.output()).toContain("routes")
  })
)

it.scopedLive("W5: what a flag or a variable may be is told beside what it is, with code 2", () =>
  Effect.gen(function* () {
    const flag = yield* spawnGateway({ args: ["--workers", "0"] })
    const workers = yield* spawnGateway({ env: { WORKERS: "-1" } })
    const port = yield* spawnGateway({ env: { PORT: "any" } })
    expect(yield* flag.ended).toBe(2)
    expect(flag.output().trim()).toBe("--workers is 0, and has to be a whole number from 1 to 256")
    expect(yield* workers.ended).toBe(2)
    expect(workers.output()).toContain('WORKERS: "is "-1", and has to be a whole number from 1 to 256"')
    expect(yield* port.ended).toBe(2)
    expect(port.output()).toContain('PORT: "is "any", and has to be a whole number from 0 to 65535"')
  })
)

it.scopedLive("W5: what checks a configuration finds it where what serves it does", () =>
  Effect.gen(function* () {
    const checked = yield* spawnGateway({ command: ["check"], env: { GATEWAY_CONFIG: "/nowhere/gateway.yaml" } })
    expect(yield* checked.ended).toBe(1)
    expect(checked.output()).toContain("/nowhere/gateway.yaml cannot be read")
  })
)
