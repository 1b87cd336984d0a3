import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { inspect } from "node:util"
import { Cause, Config, ConfigProvider, Context, Effect, Exit, Layer, Logger, Redacted, type Scope } from "effect"
import { CircuitBreaker, ResponseCache, SharedState } from "effect-resilience"
import * as RedisCacheStore from "effect-resilience/redis/RedisCacheStore"
import * as RedisSharedState from "effect-resilience/redis/RedisSharedState"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { redisBackend } from "../../src/redis/internal/backend.js"
import { connect } from "../../src/redis/internal/connection.js"
import { encrypts, freePort, redisServer } from "./server.js"

const password = "s3cret of redis/%41@:"

const folder = mkdtempSync(join(tmpdir(), "redis-tls-"))

/** A certificate that signs itself, for this machine. */
const certificate = (name: string) => {
  const key = join(folder, `${name}.key`)
  const cert = join(folder, `${name}.crt`)
  const args = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
  const about = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]
  spawnSync("openssl", [...args, "-keyout", key, "-out", cert, ...about])
  return { key, cert, pem: readFileSync(cert, "utf8") }
}

describe.skipIf(!encrypts)("a Redis that wants a password, over TLS", () => {
  let server: Awaited<ReturnType<typeof redisServer>>
  let url = ""
  let ours: ReturnType<typeof certificate>
  let another: ReturnType<typeof certificate>
  beforeAll(async () => {
    ours = certificate("ours")
    another = certificate("another")
    const port = await freePort()
    server = await redisServer([
      ...["--tls-port", String(port), "--tls-cert-file", ours.cert, "--tls-key-file", ours.key],
      ...["--tls-ca-cert-file", ours.cert, "--tls-auth-clients", "no", "--requirepass", password]
    ])
    url = `rediss://127.0.0.1:${port}`
  })
  afterAll(async () => {
    await server?.kill()
    rmSync(folder, { recursive: true, force: true })
  })

  /** What a program says, and how it ends. */
  const saying = async <A, E>(program: Effect.Effect<A, E, Scope.Scope>) => {
    const said: Array<unknown> = []
    const logger = Logger.make(({ cause, message }) => void said.push(message, Cause.pretty(cause)))
    const exit = await Effect.runPromiseExit(
      Effect.scoped(program).pipe(Effect.provide(Logger.replace(Logger.defaultLogger, logger)))
    )
    const failed = Exit.isFailure(exit) ? Cause.pretty(exit.cause) : ""
    return { exit, said: said.flat().join("\n"), failed }
  }

  /** What a process is told that has the connection, or has it not. */
  const asking = (options: Parameters<typeof connect>[0]) =>
    saying(
      Effect.flatMap(connect(options), (client) =>
        Effect.flatMap(redisBackend(client, { prefix: "tls:" }), (backend) =>
          // Twice, since of the first connection only the log tells.
          Effect.zipRight(Effect.ignore(Effect.delay(backend.read("a"), 200)), backend.read("a"))
        )
      )
    )

  const expectNoSecret = ({ exit, failed, said }: Awaited<ReturnType<typeof saying>>) => {
    const shown = [said, failed, inspect(exit, { depth: 20 })].join("\n")
    expect(shown).not.toContain("s3cret")
    expect(shown).not.toContain(encodeURIComponent(password))
  }

  it("is used with what the configuration says, by circuits and by the cache", async () => {
    const options = {
      url: Config.redacted("REDIS_URL"),
      password: Config.redacted("REDIS_PASSWORD"),
      ca: Config.string("REDIS_CA")
    }
    // On a machine that is busy with other tests an answer takes longer.
    const patience = Config.succeed("5 seconds" as const)
    const both = Layer.merge(
      CircuitBreaker.layer().pipe(Layer.provideMerge(RedisSharedState.layerConfig({ ...options, patience }))),
      RedisCacheStore.layerConfig(options)
    )
    const env = new Map([
      ["REDIS_URL", url],
      ["REDIS_PASSWORD", password],
      ["REDIS_CA", ours.pem]
    ])
    const told = await saying(
      Effect.gen(function* () {
        const context = yield* Layer.build(both)
        yield* Context.get(context, CircuitBreaker.CircuitBreaker).isolate("a")
        const store = Context.get(context, ResponseCache.ResponseCacheStore)
        yield* store.set("a", "text", 10_000 as never)
        expect(yield* store.get("a")).toBe("text")
        return (yield* Context.get(context, SharedState.SharedState).status).joined
      }).pipe(Effect.withConfigProvider(ConfigProvider.fromMap(env)))
    )
    expect(told.exit).toEqual(Exit.succeed(true))
    expect(told.said).toBe("")
  })

  it("a password goes before one in the URL, which may have it as well", async () => {
    const withPassword = url.replace("//", `//:${encodeURIComponent(password)}@`)
    const wrong = url.replace("//", "//default:wrong@")
    const own = Redacted.make(password)
    expect(Exit.isSuccess((await asking({ url: Redacted.make(withPassword), ca: ours.pem })).exit)).toBe(true)
    expect(Exit.isSuccess((await asking({ url: wrong, password: own, ca: ours.pem })).exit)).toBe(true)
    const refused = await asking({ url: withPassword, password: Redacted.make("wrong"), ca: ours.pem })
    expect(refused.failed).toContain("WRONGPASS")
    expect(refused.said).toContain("Redis cannot be used, and is tried again in the background: WRONGPASS")
    expectNoSecret(refused)
  })

  it("a certificate that nobody trusts is refused, with the reason", async () => {
    for (const ca of [undefined, another.pem]) {
      const refused = await asking({ url, password: Redacted.make(password), ca })
      expect(refused.failed).toMatch(/Redis: self.signed certificate/)
      expect(refused.said).toMatch(/Redis cannot be used.*self.signed certificate/)
      expectNoSecret(refused)
    }
  })

  it("an address that is none is refused without being shown", async () => {
    const refused = await asking({ url: `rediss://:${encodeURIComponent(password)}@local host:port` })
    expect(refused.failed).toContain("Redis: url is no address")
    expectNoSecret(refused)
  })
})
