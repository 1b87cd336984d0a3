import { Clock, Effect, FastCheck as fc } from "effect"
import type { SharedState } from "effect-resilience"
import { afterAll, beforeAll, describe, it } from "vitest"
import { redisBackend } from "../../src/redis/internal/backend.js"
import { connect } from "../../src/redis/internal/connection.js"
import { sequences } from "../internal/breaker/commands.js"
import { expectAgreement } from "../shared/agreement.js"
import { isInstalled, redisServer } from "./server.js"

/** In a sequence the next thing happens once everybody has heard of the one before. */
const heardByAll = (backend: SharedState.Backend): SharedState.Backend => {
  const heard = new Map<string, number>()
  const listeners: Array<SharedState.Listener["told"]> = []
  const all = (key: string, version: string, text: string, looks = 0): Effect.Effect<void> =>
    Effect.suspend(() => {
      if ((heard.get(`${key} ${version}`) ?? 0) >= listeners.length) return Effect.void
      // On a machine that is busy a connection may be given up, with what was told meanwhile.
      if (looks > 200) return Effect.sync(() => listeners.forEach((told) => void told(key, version, text)))
      return Effect.zipRight(Effect.sleep(looks < 50 ? 0 : 10), all(key, version, text, looks + 1))
    })
  return {
    // The time of the sequences is not that of Redis.
    read: (key) => Effect.zipWith(backend.read(key), Clock.currentTimeMillis, (kept, now) => ({ ...kept, now })),
    swap: (key, swap) =>
      Effect.tap(backend.swap(key, swap), ({ done, version }) =>
        done && swap.tell === "all" ? all(key, version, swap.text) : Effect.void
      ),
    listen: (listener) => {
      let begin = (): void => {}
      const begun = new Promise<void>((resolve) => {
        begin = resolve
      })
      const told: SharedState.Listener["told"] = (key, version, text) => {
        listener.told(key, version, text)
        heard.set(`${key} ${version}`, (heard.get(`${key} ${version}`) ?? 0) + 1)
      }
      listeners.push(told)
      return Effect.zipLeft(
        backend.listen({
          told,
          began: () => {
            listener.began()
            begin()
          }
        }),
        Effect.promise(() => begun)
      )
    }
  }
}

describe.skipIf(!isInstalled)("a fleet over Redis and the reference of the breaker", () => {
  let server: Awaited<ReturnType<typeof redisServer>>
  beforeAll(async () => {
    server = await redisServer()
  })
  afterAll(() => server?.kill())

  it("B3 B4 B5: do the same over random sequences, as in memory", { timeout: 120_000 }, async () => {
    let run = 0
    await fc.assert(
      fc.asyncProperty(sequences, ([policy, commands]) =>
        expectAgreement(
          policy,
          commands,
          Effect.suspend(() =>
            Effect.flatMap(connect({ url: server.url, connection: { commandTimeout: 30_000 } }), (client) =>
              Effect.map(redisBackend(client, { prefix: `model ${run++}:`, ownTime: false }), heardByAll)
            )
          )
        )
      ),
      { numRuns: 12, seed: 20_261_128, endOnFailure: true }
    )
  })
})
