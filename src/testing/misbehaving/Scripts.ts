/**
 * Which script a call belongs to: that of its model, that of a fault model, or the provider's own.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as FaultModels from "./FaultModels.js"
import * as Script from "./Script.js"
import * as Step from "./Step.js"

/** What a script looks at. @internal */
export interface Asked {
  readonly model: string
  readonly prompt: string
}

/** @internal */
export interface Scripts {
  readonly next: (asked: Asked) => Effect.Effect<Step.Step>
  readonly set: (script: Script.Script, model: string | undefined) => Effect.Effect<void>
  /** Back to how it was in the beginning, from the first step on. */
  readonly reset: Effect.Effect<void>
}

/** @internal */
export const make = (
  main: Script.Script = Script.always(Step.answer()),
  models: Readonly<Record<string, Script.Script>> = {}
): Effect.Effect<Scripts> =>
  Effect.map(Clock.currentTimeMillis, (from) => {
    const begin = (from: number) => ({
      main: start(main, from),
      models: new Map(Object.entries(models).map(([model, script]) => [model, start(script, from)]))
    })
    let current = begin(from)

    const running = (model: string, now: number): Running => {
      const known = current.models.get(model)
      if (known !== undefined) return known
      const fault = FaultModels.scriptOf(model)
      if (fault === undefined) return current.main
      const started = start(fault, now)
      current.models.set(model, started)
      return started
    }

    return {
      next: (asked) => Effect.flatMap(Clock.currentTimeMillis, (now) => running(asked.model, now)(asked, now)),
      set: (script, model) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          const started = start(script, now)
          if (model === undefined) current.main = started
          else current.models.set(model, started)
        }),
      reset: Effect.map(Clock.currentTimeMillis, (now) => {
        current = begin(now)
      })
    }
  })

/** A script under way: every evaluation is the step of the next call. */
type Running = (asked: Asked, now: number) => Effect.Effect<Step.Step>

type Of<Tag extends Script.Script["_tag"]> = Extract<Script.Script, { readonly _tag: Tag }>

const start = (script: Script.Script, from: number): Running => {
  switch (script._tag) {
    case "InOrder":
      return oneByOne(script)
    case "Mix":
      return drawn(script)
    case "During":
      return inWindows(script, from)
    case "When":
      return byPrompt(script, from)
  }
}

const answers = (script: Script.Script | undefined, from: number): Running =>
  script === undefined ? () => Effect.succeed(Step.answer()) : start(script, from)

const oneByOne = ({ afterwards, steps }: Of<"InOrder">): Running => {
  let made = 0
  return () =>
    Effect.sync(() => steps[made++] ?? (afterwards === "repeatLast" ? steps[steps.length - 1]! : Step.answer()))
}

const drawn = ({ faults, seed }: Of<"Mix">): Running => {
  const total = faults.reduce((sum, fault) => sum + fault.weight, 0)
  const random = Random.make(seed)
  return () =>
    Effect.map(random.nextRange(0, total), (drawn) => {
      let upTo = 0
      for (const fault of faults) {
        upTo += fault.weight
        if (drawn < upTo) return fault.step
      }
      return faults[faults.length - 1]!.step
    })
}

const inWindows = ({ otherwise, windows }: Of<"During">, begun: number): Running => {
  const all = windows.map(({ from, script, to }) => ({
    from: begun + Duration.toMillis(from),
    to: begun + Duration.toMillis(to),
    running: start(script, begun)
  }))
  const outside = answers(otherwise, begun)
  return (asked, now) => (all.find(({ from, to }) => from <= now && now < to)?.running ?? outside)(asked, now)
}

const byPrompt = ({ cases, otherwise }: Of<"When">, from: number): Running => {
  const all = cases.map(({ prompt, script }) => ({ prompt, running: start(script, from) }))
  const others = answers(otherwise, from)
  return (asked, now) => (all.find(({ prompt }) => isIn(prompt, asked.prompt))?.running ?? others)(asked, now)
}

/** A pattern with `g` or `y` goes on from where it was, which would make every second call another one. */
const isIn = (wanted: string | RegExp, prompt: string): boolean =>
  typeof wanted === "string" ? prompt.includes(wanted) : prompt.search(wanted) >= 0
