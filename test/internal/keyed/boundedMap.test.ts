import { describe, expect, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { BoundedMap, boundsOf } from "../../../src/internal/keyed/boundedMap.js"
import { RecentlyUsed } from "../../../src/internal/keyed/recentlyUsed.js"

const entry = (kept: boolean, now = 0) => ({ kept, used: false, usedAt: now })
const bounded = (capacity: number, idleTimeToLive = Number.POSITIVE_INFINITY) =>
  new BoundedMap<ReturnType<typeof entry>>({ capacity, idleTimeToLive }, ({ kept }) => !kept)
const keysOf = (map: Iterable<readonly [string, unknown]>) => Array.from(map, ([key]) => key)

describe("BoundedMap", () => {
  it("B18: beyond its capacity the oldest go, but for what was used again, and what has to be kept", () => {
    const map = bounded(4)
    map.add("kept", entry(true), 0)
    const again = entry(false)
    map.add("again", again, 0)
    for (let i = 0; i < 3; i++) {
      again.used = true
      map.add(`${i}`, entry(false), 0)
    }
    expect(keysOf(map)).toEqual(["1", "kept", "again", "2"])
  })

  it("B18: holds no more than its capacity and some of what it keeps, whatever comes in which order", () => {
    const uses = fc.array(fc.record({ key: fc.nat(200), kept: fc.boolean() }), { maxLength: 400 })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), uses, (capacity, uses) => {
        const map = bounded(capacity)
        const kept = new Set<string>()
        for (const use of uses) {
          const key = `${use.key}`
          const found = map.get(key)
          if (found === undefined) map.add(key, entry(use.kept), 0)
          else found.used = true
          if (found === undefined && use.kept) kept.add(key)
        }
        const keys = new Set(keysOf(map))
        for (const key of kept) expect(keys).toContain(key)
        // What goes round beside what is kept is looked at eight at a time.
        expect(keys.size).toBeLessThanOrEqual(2 * capacity + 2 * kept.size)
      })
    )
  })

  it("B18: shrinks to its capacity again once nothing has to be kept", () => {
    const map = bounded(10)
    const held = Array.from({ length: 1_000 }, () => entry(true))
    held.forEach((entry, i) => {
      map.add(`held/${i}`, entry, 0)
    })
    expect(keysOf(map)).toHaveLength(1_000)
    for (const entry of held) entry.kept = false
    for (let i = 0; i < 200; i++) map.add(`new/${i}`, entry(false), 0)
    expect(keysOf(map)).toHaveLength(10)
  })

  it("B18: what nobody has used for its time goes with the next key, at most once in that time", () => {
    const map = bounded(100, 1_000)
    map.add("idle", entry(false), 0)
    map.add("kept", entry(true), 0)
    map.add("b", entry(false, 500), 500)
    map.add("c", entry(false, 1_000), 1_000)
    expect(keysOf(map)).toEqual(["kept", "b", "c"])
    map.add("d", entry(false, 1_900), 1_900)
    expect(keysOf(map)).toEqual(["kept", "b", "c", "d"])
  })

  it("B18: bounds that make no sense are refused by name", () => {
    expect(() => boundsOf("Here", { capacity: 0 })).toThrow("Here: capacity is 0, and has to be a whole number")
    expect(() => boundsOf("Here", { capacity: Number.NaN })).toThrow("Here: capacity is NaN")
    expect(() => boundsOf("Here", { idleTimeToLive: Number.NaN })).toThrow("Here: idleTimeToLive is NaN")
    expect(() => boundsOf("Here", { idleTimeToLive: "-1 seconds" })).toThrow('Here: idleTimeToLive is "-1 seconds"')
  })
})

describe("Recent", () => {
  const made = (recent: RecentlyUsed<string>, keys: ReadonlyArray<string>, now = 0) =>
    keys.filter((key) => {
      let fresh = false
      recent.get(key, now, () => {
        fresh = true
        return key
      })
      return fresh
    })

  it("B18: keeps what is asked for, and lets go of the rest beyond a number and after a time", () => {
    const recent = new RecentlyUsed<string>({ capacity: 4, idleTimeToLive: 1_000 })
    expect(made(recent, ["a", "b", "c", "a", "d", "a"])).toEqual(["a", "b", "c", "d"])
    expect(made(recent, ["a", "b"])).toEqual(["b"])
    expect(made(recent, ["b"], 1_500)).toEqual([])
    expect(made(recent, ["new"], 2_500)).toEqual(["new"])
    expect(made(recent, ["b"], 3_600)).toEqual(["b"])
  })
})
