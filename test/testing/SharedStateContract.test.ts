import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit } from "effect"
import { SharedState } from "effect-resilience"
import * as SharedStateContract from "effect-resilience/testing/SharedStateContract"

const memory = Effect.runSync(SharedState.makeMemoryBackend)

describe("a place in memory", () => {
  for (const { run, title } of SharedStateContract.cases) it.live(title, () => run(Effect.succeed(memory)))
})

describe("a place that is slow and fails", () => {
  for (const { run, title } of SharedStateContract.cases) {
    const place = SharedStateContract.misbehaving(memory, { slowness: 30, failures: 0.2 })
    it.live(title, () => run(Effect.succeed(place)), { timeout: 45_000 })
  }
})

/** Places that do one thing wrong each, and the case that finds it. */
const wrong: ReadonlyArray<readonly [what: string, place: SharedState.Backend, finds: RegExp]> = [
  [
    "looks at no version",
    {
      ...memory,
      swap: (key, swap) =>
        Effect.flatMap(memory.read(key), ({ version }) => memory.swap(key, { ...swap, expected: version }))
    },
    /made only for whoever/
  ],
  [
    "looks at the version, and writes a moment later",
    {
      ...memory,
      swap: (key, swap) =>
        Effect.flatMap(memory.read(key), (kept) =>
          kept.version === swap.expected
            ? Effect.flatMap(Effect.delay(memory.read(key), 2), ({ version }) =>
                memory.swap(key, { ...swap, expected: version })
              )
            : Effect.succeed({ ...kept, done: false })
        )
    },
    /of many changes/
  ],
  [
    "tells nobody",
    { ...memory, swap: (key, swap) => memory.swap(key, { ...swap, tell: "nobody" }) },
    /whoever listens/
  ],
  [
    "tells always",
    { ...memory, swap: (key, swap) => memory.swap(key, { ...swap, tell: "all" }) },
    /whoever listens|but seldom/
  ],
  [
    "forgets nothing",
    {
      ...memory,
      swap: (key, swap) => memory.swap(key, { ...swap, timeToLive: swap.timeToLive > 0 ? 1_000_000 : 0 })
    },
    /forgotten when its time/
  ],
  [
    "takes any time",
    {
      ...memory,
      swap: (key, swap) => Effect.flatMap(memory.read(key), ({ now }) => memory.swap(key, { ...swap, at: now }))
    },
    /time is not the place's/
  ]
]

describe("the contract", () => {
  for (const [what, place, finds] of wrong) {
    it.live(`finds a place that ${what}`, () =>
      Effect.gen(function* () {
        const found = yield* Effect.filter(
          SharedStateContract.cases.filter(({ title }) => finds.test(title)),
          ({ run }) => Effect.map(Effect.exit(run(Effect.succeed(place))), Exit.isFailure)
        )
        expect(found.length).toBeGreaterThan(0)
      })
    )
  }
})
