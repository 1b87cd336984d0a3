/**
 * What a place for shared state does by itself.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import { numberOf, rowOf, type Swap, tolerance } from "../../internal/shared/backend.js"
import type { Case } from "../SharedStateContract.js"
import { eventually, expect, keyOf, persistently, write } from "./expectation.js"

const change = (expected: string, text: string, at: number): Swap => ({
  expected,
  text,
  at,
  timeToLive: 60_000,
  tell: "nobody"
})

const texts = ['{"a":[1,2.5,null]}', "", "two\nlines\r\n", "ünïcödé 🚦 \u0000 end", "x".repeat(20_000)]

/** @internal */
export const backendCases: ReadonlyArray<Case> = [
  {
    title: "a key that nobody has written has no version and no text",
    run: (make) =>
      Effect.scoped(
        Effect.gen(function* () {
          const place = yield* make
          const kept = yield* persistently(place.read(yield* keyOf("empty")))
          yield* expect(kept.version === "" && kept.text === undefined, `it has "${kept.version}" and "${kept.text}"`)
          yield* expect(Number.isFinite(kept.now), `the time is ${kept.now}`)
        })
      )
  },
  {
    title: "a text comes back as it was written, to every instance",
    run: (make) =>
      Effect.scoped(
        Effect.gen(function* () {
          const one = yield* make
          const other = yield* make
          for (const text of texts) {
            const key = yield* keyOf("text {a}: ü/b")
            yield* write(one, key, text)
            const kept = yield* persistently(other.read(key))
            yield* expect(kept.text === text, `${JSON.stringify(kept.text?.slice(0, 40))} for ${JSON.stringify(text)}`)
          }
        })
      )
  },
  {
    title: "a change is made only for whoever has seen the latest version, and the others are told what there is",
    run: (make) =>
      Effect.scoped(
        Effect.gen(function* () {
          const place = yield* make
          const key = yield* keyOf("swap")
          const first = yield* write(place, key, "first")
          const second = yield* write(place, key, "second")
          yield* expect(second.version !== first.version, `a change has left the version ${first.version}`)
          const late = yield* persistently(place.swap(key, change(first.version, "late", second.now)))
          yield* expect(!late.done, "a change was made by somebody who had seen an older version")
          yield* expect(late.text === "second", `the latest text is told as "${late.text}"`)
          const early = yield* persistently(place.swap(key, change("", "early", second.now)))
          yield* expect(!early.done, "a change was made by somebody who had seen nothing")
        })
      )
  },
  {
    title: "of many changes of the same version at once one is made, and nobody hears of two",
    run: (make) =>
      Effect.scoped(
        Effect.gen(function* () {
          const places = yield* Effect.replicateEffect(make, 5)
          const key = yield* keyOf("race")
          yield* write(places[0]!, key, "begin")
          for (let round = 0; round < 10; round++) {
            const { now, version } = yield* persistently(places[0]!.read(key))
            const answers = yield* Effect.forEach(
              [...places, ...places, ...places, ...places],
              (place, i) => Effect.option(place.swap(key, change(version, `${round}/${i}`, now))),
              { concurrency: "unbounded" }
            )
            const made = answers.filter((answer) => answer._tag === "Some" && answer.value.done)
            const after = yield* persistently(places[1]!.read(key))
            const changed = after.version !== version
            yield* expect(made.length <= 1, `${made.length} of them were told that theirs was made`)
            yield* expect(changed || made.length === 0, "one was told that its change was made, and it was not")
            const next = rowOf(after.version) === rowOf(version) && numberOf(after.version) === numberOf(version) + 1
            yield* expect(!changed || next, `${version} has become ${after.version}, which does not follow`)
          }
        })
      )
  },
  {
    title: "a version counts the changes, and a key that was removed begins a row of its own",
    run: (make) =>
      Effect.scoped(
        Effect.gen(function* () {
          const place = yield* make
          const key = yield* keyOf("row")
          let before = yield* write(place, key, "0")
          for (let i = 1; i < 5; i++) {
            const after = yield* write(place, key, String(i))
            const follows = rowOf(after.version) === rowOf(before.version) && after.version !== before.version
            yield* expect(follows, `${after.version} does not follow ${before.version}`)
            yield* expect(numberOf(after.version) > numberOf(before.version), `${after.version} is not above it`)
            before = after
          }
          yield* write(place, key, "gone", { timeToLive: 0 })
          const empty = yield* persistently(place.read(key))
          yield* expect(empty.version === "", `a removed key has the version ${empty.version}`)
          const anew = yield* write(place, key, "anew")
          yield* expect(rowOf(anew.version) !== rowOf(before.version), `${anew.version} is of the same row as before`)
        })
      )
  },
  {
    title: "a key is forgotten when its time is up, and not before",
    run: (make) =>
      Effect.scoped(
        Effect.gen(function* () {
          const place = yield* make
          const key = yield* keyOf("time")
          const lasting = yield* keyOf("lasting")
          yield* write(place, lasting, "stays")
          yield* write(place, key, "goes", { timeToLive: 400 })
          yield* eventually(
            Effect.map(place.read(key), ({ version }) => version === ""),
            "it is there still"
          )
          const kept = yield* persistently(place.read(lasting))
          yield* expect(kept.text === "stays", "a key was forgotten before its time")
        })
      )
  },
  {
    title: "a change whose time is not the place's is refused, and changes nothing",
    run: (make) =>
      Effect.scoped(
        Effect.gen(function* () {
          const place = yield* make
          const key = yield* keyOf("clock")
          const kept = yield* write(place, key, "before")
          for (const off of [-4 * tolerance, 4 * tolerance + 2_000]) {
            const { now } = yield* persistently(place.read(key))
            const answer = yield* persistently(place.swap(key, change(kept.version, "after", now + off)))
            yield* expect(!answer.done, `a change of a time ${off} ms off was made`)
          }
          const after = yield* persistently(place.read(key))
          yield* expect(after.text === "before", "a change that was refused has been made")
        })
      )
  },
  {
    title: "whoever listens is told at once of what all are to know, and of nothing that nobody is",
    run: (make) =>
      Effect.scoped(
        Effect.gen(function* () {
          const place = yield* make
          const other = yield* make
          const told: Array<{ readonly key: string; readonly version: string; readonly text: string }> = []
          let began = 0
          yield* other.listen({
            told: (key, version, text) => told.push({ key, version, text }),
            began: () => {
              began++
            }
          })
          yield* eventually(
            Effect.sync(() => began > 0),
            "it does not say from when on one is told"
          )
          const quiet = yield* keyOf("quiet")
          yield* write(place, quiet, "nobody")
          const key = yield* keyOf("told")
          for (const text of texts) {
            yield* write(place, key, text, { tell: "all" })
            yield* eventually(
              Effect.sync(() => told.some((one) => one.key === key && one.text === text)),
              `nobody was told of ${JSON.stringify(text.slice(0, 40))}`
            )
          }
          const kept = yield* persistently(place.read(key))
          const last = told.filter((one) => one.key === key).at(-1)
          yield* expect(last?.version === kept.version, `told of ${last?.version}, and there is ${kept.version}`)
          yield* expect(!told.some((one) => one.key === quiet), "what nobody was to be told was told")
        })
      )
  },
  {
    title: "of changes that are no news others are told, but seldom",
    run: (make) =>
      Effect.scoped(
        Effect.gen(function* () {
          const place = yield* make
          let told = 0
          let began = false
          const key = yield* keyOf("seldom")
          yield* place.listen({
            told: (about) => {
              if (about === key) told++
            },
            began: () => {
              began = true
            }
          })
          yield* eventually(
            Effect.sync(() => began),
            "it does not say from when on one is told"
          )
          const from = (yield* persistently(place.read(key))).now
          for (let i = 0; i < 30; i++) yield* write(place, key, String(i), { tell: "seldom" })
          const { now } = yield* persistently(place.read(key))
          yield* eventually(
            Effect.sync(() => told > 0),
            "nobody was told at all"
          )
          const most = 1 + Math.ceil((now - from) / 100)
          yield* expect(told <= most, `told ${told} times in ${now - from} ms`)
        })
      )
  }
]
