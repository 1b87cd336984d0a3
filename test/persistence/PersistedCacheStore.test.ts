import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Persistence from "@effect/experimental/Persistence"
import * as Lmdb from "@effect/experimental/Persistence/Lmdb"
import { KeyValueStore } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, Layer, Schema, Stream, TestClock } from "effect"
import { ResilienceEvent, ResponseCache } from "effect-resilience"
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

  const folderOfItsOwn = Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "cache-"))),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
  )

  it.scoped("an answer in LMDB outlives the program, values and streams, for its time", () =>
    Effect.gen(function* () {
      const folder = yield* folderOfItsOwn
      const up = counted()
      const options = { key: "k", schema: Schema.String, fresh: "1 hour", staleIfError: 0 } as const
      const value = up.run.pipe(ResponseCache.through(options))
      const stream = Stream.runCollect(Stream.fromEffect(up.run).pipe(ResponseCache.throughStream(options)))
      const both = Effect.map(Effect.zip(value, stream), ([value, [element]]) => [value, element])
      const program = Effect.provide(both, Layer.fresh(over(Lmdb.layer({ path: folder }))))
      expect(yield* program).toEqual(["answer 1", "answer 2"])
      expect(yield* program).toEqual(["answer 1", "answer 2"])
      yield* TestClock.adjust("1 hour")
      expect(yield* program).toEqual(["answer 3", "answer 4"])
      const forgotten = Effect.flatMap(ResponseCache.ResponseCache, (cache) => cache.forget("k"))
      const again = Effect.provide(Effect.zipRight(forgotten, both), Layer.fresh(over(Lmdb.layer({ path: folder }))))
      expect(yield* again).toEqual(["answer 5", "answer 6"])
    })
  )

  it.scoped("an LMDB that fails loses no call", () =>
    Effect.gen(function* () {
      const folder = yield* folderOfItsOwn
      const up = counted()
      const call = up.run.pipe(ResponseCache.through({ key: "k".repeat(5_000), schema: Schema.String }))
      // Longer than a key of LMDB may be.
      const events = yield* ResilienceEvent.subscribe
      expect(yield* Effect.provide(call, over(Lmdb.layer({ path: folder })))).toBe("answer 1")
      expect([...(yield* events.takeAll)].map(({ _tag }) => _tag)).toContain("StoreFailed")
    }).pipe(Effect.provide(ResilienceEvent.layer()))
  )

  it.scoped("an answer in files outlives the program", () =>
    Effect.gen(function* () {
      const folder = yield* folderOfItsOwn
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
