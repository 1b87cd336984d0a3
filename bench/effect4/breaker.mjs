/**
 * A call through Effect 4's own circuit breaker over its store in Redis, for `bench/fleetCost.ts`, which cannot load Effect 4
 * itself: `node breaker.mjs <port> <calls> <rounds>` prints the nanoseconds of process time that a call costs at best, as JSON.
 */
import { NodeRedis } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { CircuitBreaker } from "effect/persistence"

const [port, calls, rounds] = process.argv.slice(2).map(Number)

const breaker = CircuitBreaker.layer({
  tripPolicy: CircuitBreaker.consecutive(5),
  openDuration: "1 minute",
  onStoreError: "fail"
}).pipe(
  Layer.provide(CircuitBreaker.layerStoreRedis({ prefix: "effect4:" })),
  Layer.provide(NodeRedis.layer({ socket: { host: "127.0.0.1", port } }))
)

const cpu = () => process.cpuUsage().user + process.cpuUsage().system

const program = Effect.gen(function* () {
  const { execute } = yield* CircuitBreaker.CircuitBreaker
  const call = execute(Effect.void, { key: "a" })
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < rounds; round++) {
    const from = cpu()
    for (let i = 0; i < calls; i++) yield* call
    best = Math.min(best, ((cpu() - from) * 1_000) / calls)
  }
  console.log(JSON.stringify({ nanos: best, calls: calls * rounds }))
})

await Effect.runPromise(Effect.provide(program, breaker))
