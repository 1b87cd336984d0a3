import { describe, expect, it } from "@effect/vitest"
import { Chunk, Effect, Stream } from "effect"
import { type Place, SharedStream } from "../../../src/internal/cache/sharedStream.js"

const reading = <A>(source: SharedStream<A, never>, place: Place): Effect.Effect<ReadonlyArray<A>> =>
  Effect.suspend(() => {
    const next = source.next(place)
    if (next !== undefined)
      return Effect.map(next, (chunk) => (chunk === undefined ? [] : Chunk.toReadonlyArray(chunk)))
    const more = Effect.async<void>((resume) => {
      source.onMore(() => resume(Effect.void))
    })
    return Effect.zipRight(more, reading(source, place))
  })

const read = <A>(source: SharedStream<A, never>, place: Place, times: number) =>
  Effect.map(
    Effect.replicateEffect(
      Effect.suspend(() => reading(source, place)),
      times
    ),
    (all) => all.flat()
  )

describe("SharedStream", () => {
  it.effect("keeps of a long stream what its slowest reader has before it, and takes no new ones", () =>
    Effect.gen(function* () {
      let over = 0
      const source = new SharedStream<number, never>(false, () => over++, 3)
      const [quick, slow] = [source.enter()!, source.enter()!]
      yield* source.begin(Stream.iterate(1, (n) => n + 1).pipe(Stream.rechunk(1)))
      expect(yield* read(source, quick, 3)).toEqual([1, 2, 3])
      expect(yield* read(source, slow, 1)).toEqual([1])
      expect(source.size).toBe(3)
      yield* source.leave(source.enter()!)
      expect(yield* read(source, quick, 1)).toEqual([4])
      expect(source.enter()).toBeUndefined()
      expect(yield* read(source, slow, 3)).toEqual([2, 3, 4])
      expect(source.size).toBe(3)
      expect(yield* read(source, slow, 5)).toEqual([5, 6, 7, 8, 9])
      expect(yield* read(source, quick, 5)).toEqual([5, 6, 7, 8, 9])
      expect(yield* read(source, quick, 1)).toEqual([10])
      expect(source.size).toBe(1)
      yield* source.leave(quick)
      expect(over).toBe(0)
      yield* source.leave(slow)
      expect(over).toBeGreaterThan(0)
      expect(source.enter()).toBeUndefined()
    })
  )

  it.effect("is read no farther than the quickest reader has asked", () =>
    Effect.gen(function* () {
      let pulled = 0
      const source = new SharedStream<number, never>(false, () => {})
      const place = source.enter()!
      yield* source.begin(Stream.repeatEffect(Effect.sync(() => ++pulled)))
      yield* Effect.yieldNow()
      expect(pulled).toBe(0)
      expect(yield* read(source, place, 2)).toEqual([1, 2])
      yield* Effect.yieldNow()
      expect(pulled).toBe(2)
      yield* source.leave(place)
    })
  )
})
