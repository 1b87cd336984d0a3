import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit } from "effect"
import { Fallback, LlmError } from "effect-resilience"
import { allOf, target, toEnd } from "./targets.js"

const down = new LlmError.ServerError({ target: "b", status: 500 })

describe("F2: Fallback after a prompt that was too long", () => {
  const cases: ReadonlyArray<{
    readonly title: string
    readonly failed: { readonly limit?: number; readonly requested?: number }
    readonly window?: number
    /** The windows of the targets behind, and which of them is asked. */
    readonly others: ReadonlyArray<number | undefined>
    readonly asked: number | undefined
  }> = [
    {
      title: "a window has to hold what was requested, whatever else is known",
      failed: { limit: 100_000, requested: 300_000 },
      window: 100_000,
      others: [undefined, 128_000, 299_999, 300_000],
      asked: 3
    },
    {
      title: "or be larger than the limit that the failure told, whatever was stated",
      failed: { limit: 100_000 },
      window: 50_000,
      others: [undefined, 60_000, 100_000, 100_001],
      asked: 3
    },
    {
      title: "or be larger than the window of the target that failed",
      failed: {},
      window: 50_000,
      others: [undefined, 50_000, 50_001],
      asked: 2
    },
    { title: "or be stated, where nothing at all is known", failed: {}, others: [undefined, 8_000], asked: 1 },
    { title: "and where no window is stated, nobody is asked", failed: {}, others: [undefined], asked: undefined }
  ]
  for (const { asked, failed, others, title, window } of cases) {
    it.effect(title, () =>
      Effect.gen(function* () {
        const tooLong = new LlmError.ContextLengthExceeded({ target: "a", ...failed })
        const first = yield* target("a", Effect.fail(tooLong), window)
        const rest = yield* Effect.forEach(others, (window, index) =>
          target(`${index}`, index === asked ? Effect.succeed(index) : Effect.fail(down), window)
        )
        const { exit } = yield* toEnd(Fallback.firstOf([first, ...rest]))
        const times = yield* Effect.forEach(rest, (target) => target.asked)
        expect(times.map((times) => times.length)).toEqual(others.map((_, index) => (index === asked ? 1 : 0)))
        if (asked !== undefined) return expect(exit).toEqual(Exit.succeed(asked))
        expect(allOf(exit)).toHaveLength(1 + others.length)
      })
    )
  }

  it.effect("a target that is passed over is reported as skipped, with the reason", () =>
    Effect.gen(function* () {
      const messages = (failed: object, ...windows: ReadonlyArray<number | undefined>) =>
        Effect.map(
          Effect.exit(
            Fallback.firstOf([
              { name: "a", run: Effect.fail(new LlmError.ContextLengthExceeded({ target: "a", ...failed })) },
              ...windows.map((contextWindow, index) => ({
                name: "bcd".charAt(index),
                contextWindow,
                run: Effect.succeed("b")
              }))
            ])
          ),
          (exit) => allOf(exit).slice(1) as ReadonlyArray<LlmError.ContextLengthExceeded>
        )
      const known = yield* messages({ requested: 300_000 }, 128_000, undefined)
      expect(known.map((error) => [error._tag, error.target, error.limit, error.message])).toEqual([
        [
          "ContextLengthExceeded",
          "b",
          128_000,
          "b was skipped: its context window of 128000 tokens is too small, and the prompt needs at least 300000"
        ],
        [
          "ContextLengthExceeded",
          "c",
          undefined,
          "c was skipped: its context window is not stated, and the prompt needs at least 300000"
        ]
      ])
      expect((yield* messages({}, undefined)).map((error) => error.message)).toEqual([
        "b was skipped: its context window is not stated, and the prompt was too long for a"
      ])
    })
  )

  it.effect("what one failure has told holds for the rest of the walk", () =>
    Effect.gen(function* () {
      const tooLong = (name: string, requested?: number) =>
        Effect.fail(new LlmError.ContextLengthExceeded({ target: name, ...(requested && { requested }) }))
      const c = yield* target("c", Effect.succeed("c"), 250_000)
      const d = yield* target("d", Effect.succeed("d"), 400_000)
      const exit = yield* Effect.exit(
        Fallback.firstOf([
          { name: "a", run: tooLong("a", 300_000), contextWindow: 8_000 },
          { name: "b", run: tooLong("b", 200_000), contextWindow: 300_000 },
          c,
          d
        ])
      )
      expect(exit).toEqual(Exit.succeed("d"))
      expect(yield* c.asked).toEqual([])
    })
  )
})
