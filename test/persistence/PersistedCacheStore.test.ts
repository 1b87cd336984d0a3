import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Persistence from "@effect/experimental/Persistence"
import { KeyValueStore } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, Layer, Schema, TestClock } from "effect"
import { ResponseCache } from "effect-resilience"
import * as PersistedCacheStore from "effect-resilience/persistence/PersistedCacheStore"

const over = <E>(kept: Layer.Layer<Persistence.BackingPersistence, E>) =>
  ResponseCache.layer().pipe(Layer.provideMerge(PersistedCacheStore.layer()), Layer.provide(kept))

const counted = () => {
  let calls = 0
  return { run: Effect.sync(() => `answer ${++calls}`), calls: () => calls }
}

describe("PersistedCacheStore", () => {
  it.effect("keeps answers where Persistence does, for their time", () =>
    Effect.gen(function* () {
      const up = counted()
      const call = up.run.pipe(ResponseCache.through({ key: "k", schema: Schema.String, fresh: "1 hour" }))
      expect([yield* call, yield* call]).toEqual(["answer 1", "answer 1"])
      yield* TestClock.adjust("1 hour")
      expect(yield* call).toBe("answer 2")
      const store = yield* ResponseCache.ResponseCacheStore
      yield* store.set("f", "for ever", Duration.infinity)
      yield* TestClock.adjust("1000 days")
      expect(yield* store.get("f")).toBe("for ever")
      expect(yield* store.get("k")).toBeUndefined()
      yield* store.remove("f")
      expect(yield* store.get("f")).toBeUndefined()
    }).pipe(Effect.provide(over(Persistence.layerMemory)))
  )

  it.scoped("an answer in files outlives the program", () =>
    Effect.gen(function* () {
      const folder = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "cache-"))),
        (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
      )
      const files = Persistence.layerKeyValueStore.pipe(
        Layer.provide(KeyValueStore.layerFileSystem(folder)),
        Layer.provide(NodeContext.layer)
      )
      const up = counted()
      const call = up.run.pipe(ResponseCache.through({ key: "k", schema: Schema.String }))
      const program = () => Effect.provide(call, Layer.fresh(over(files)))
      expect(yield* Effect.promise(() => Effect.runPromise(program()))).toBe("answer 1")
      expect(yield* Effect.promise(() => Effect.runPromise(program()))).toBe("answer 1")
    })
  )
})
