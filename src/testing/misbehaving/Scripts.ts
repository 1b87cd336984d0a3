/**
 * Which script a call belongs to: that of its model, that of a fault model, or the provider's own.
 */
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Ref from "effect/Ref"
import * as FaultModels from "./FaultModels.js"
import * as Script from "./Script.js"
import * as Step from "./Step.js"

/** @internal */
export interface Scripts {
  readonly next: (model: string) => Effect.Effect<Step.Step>
  readonly set: (script: Script.Script, model: string | undefined) => Effect.Effect<void>
  /** Back to how it was in the beginning, from the first step on. */
  readonly reset: Effect.Effect<void>
}

/** @internal */
export const make = (
  main: Script.Script = Script.always(Step.answer()),
  models: Readonly<Record<string, Script.Script>> = {}
): Scripts => {
  const begin = () => ({
    main: start(main),
    models: new Map(Object.entries(models).map(([model, script]) => [model, start(script)]))
  })
  let current = begin()

  const running = (model: string): Effect.Effect<Step.Step> => {
    const known = current.models.get(model)
    if (known !== undefined) return known
    const fault = FaultModels.scriptOf(model)
    if (fault === undefined) return current.main
    const started = start(fault)
    current.models.set(model, started)
    return started
  }

  return {
    next: (model) => Effect.suspend(() => running(model)),
    set: (script, model) =>
      Effect.sync(() => {
        const started = start(script)
        if (model === undefined) current.main = started
        else current.models.set(model, started)
      }),
    reset: Effect.sync(() => {
      current = begin()
    })
  }
}

type Of<Tag extends Script.Script["_tag"]> = Extract<Script.Script, { readonly _tag: Tag }>

/** Sets a script going: every evaluation of the result is the step of the next call. */
const start = (script: Script.Script): Effect.Effect<Step.Step> =>
  script._tag === "InOrder" ? oneByOne(script) : drawn(script)

const oneByOne = ({ afterwards, steps }: Of<"InOrder">): Effect.Effect<Step.Step> =>
  Effect.map(
    Ref.getAndUpdate(Ref.unsafeMake(0), (n) => Math.min(n + 1, steps.length)),
    (n) => steps[n] ?? (afterwards === "repeatLast" ? steps[steps.length - 1]! : Step.answer())
  )

const drawn = ({ faults, seed }: Of<"Mix">): Effect.Effect<Step.Step> => {
  const total = faults.reduce((sum, fault) => sum + fault.weight, 0)
  const random = Random.make(seed)
  return Effect.map(random.nextRange(0, total), (drawn) => {
    let upTo = 0
    for (const fault of faults) {
      upTo += fault.weight
      if (drawn < upTo) return fault.step
    }
    return faults[faults.length - 1]!.step
  })
}
