import { afterAll, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as SharedStateContract from "effect-resilience/testing/SharedStateContract"
import { redisBackend } from "../../src/redis/internal/backend.js"
import { connect } from "../../src/redis/internal/connection.js"
import { isInstalled, redisServer } from "./server.js"

describe.skipIf(!isInstalled)("Redis as a place for shared state", () => {
  let server: Awaited<ReturnType<typeof redisServer>>
  beforeAll(async () => {
    server = await redisServer()
  })
  afterAll(() => server?.kill())

  const make = Effect.suspend(() =>
    Effect.flatMap(connect({ url: server.url }), (client) => redisBackend(client, { prefix: "contract:" }))
  )

  describe("as it is", () => {
    for (const { run, title } of SharedStateContract.cases) it.live(title, () => run(make))
  })

  describe("slow, and failing now and then", () => {
    const badly = Effect.map(make, (backend) => SharedStateContract.misbehaving(backend))
    for (const { run, title } of SharedStateContract.cases) it.live(title, () => run(badly), { timeout: 45_000 })
  })
})
