/** What is said of targets, and of the options of a walk, a race, a cache and a rotation of keys, that make no sense. */
import { describe, expect, it } from "@effect/vitest"
import { Cause, Effect, Exit, Layer, Redacted, Schema, Stream } from "effect"
import { Fallback, Hedge, KeyRotation, ResponseCache } from "effect-resilience"
import * as ResilientLanguageModel from "effect-resilience/ai/ResilientLanguageModel"

const one = { name: "a", run: Effect.succeed(1) }
const two = { name: "b", run: Effect.succeed(2) }

/** What an effect dies of, or what is thrown before there is one. */
const refusal = (make: () => unknown): string => {
  const told = Effect.runSyncExit(
    Effect.flatMap(Effect.sync(make), (made) =>
      Effect.isEffect(made) ? (made as Effect.Effect<unknown>) : Effect.void
    )
  )
  const defect = Exit.isFailure(told) ? Cause.squash(told.cause) : undefined
  expect(defect).toBeInstanceOf(RangeError)
  return (defect as RangeError).message
}

type Case = readonly [name: string, make: () => unknown, says: RegExp]

const refuses = (cases: ReadonlyArray<Case>) =>
  it.each(cases)("%s", (_, make, says) => expect(refusal(make)).toMatch(says))

describe("targets", () => {
  const walk = (targets: unknown) => () => Fallback.firstOf(targets as never)
  const race = (targets: unknown) => () => Hedge.across(targets as never, { after: 1 })
  const model = (targets: unknown) => () => ResilientLanguageModel.layer({ targets } as never)
  const places = { walk, race, model, streams: (targets: unknown) => () => Fallback.firstStreamOf(targets as never) }
  for (const [place, over] of Object.entries(places)) {
    refuses([
      [`${place}: null`, over(null), /targets is null.*a list of targets/],
      [`${place}: an object`, over({}), /targets is .*a list of targets/],
      [`${place}: none`, over([]), /targets is empty/],
      [`${place}: null in the list`, over([null]), /targets\[0\] is null/],
      [`${place}: without a name`, over([{ run: Effect.void }]), /targets\[0\] is/],
      [`${place}: with nothing to run`, over([{ name: "a", run: 3, model: 3 }]), /the (run|model) of "a" is 3/]
    ])
  }
  refuses([
    ["a window", walk([{ ...one, contextWindow: Number.NaN }, two]), /contextWindow of "a" is NaN/],
    ["a window that is true", walk([{ ...one, contextWindow: true }, two]), /contextWindow of "a" is true/],
    ["capabilities", walk([{ ...one, capabilities: "tools" }, two]), /capabilities of "a" is "tools".*a list of names/],
    [
      "a service",
      () => Fallback.services(ResponseCache.ResponseCache, [one] as never),
      /the layer of "a" is undefined/
    ],
    ["a stream that is an effect", () => Fallback.firstStreamOf([one] as never), /the run of "a" is .*a stream/],
    ["a raced stream", () => Hedge.acrossStreams([one] as never, { after: 1 }), /the run of "a" is .*a stream/]
  ])
})

describe("the options of a walk", () => {
  const walk = (options: unknown) => () => Fallback.firstOf([one, two], options as never)
  refuses([
    ["fallbackOn", walk({ fallbackOn: "RateLimited" }), /fallbackOn is "RateLimited"/],
    ["a tag", walk({ fallbackOn: ["RateLimit"] }), /fallbackOn is "RateLimit",.*RateLimited/],
    ["needs", walk({ needs: "tools" }), /needs is "tools"/],
    ["patience", walk({ patience: null }), /patience is null/],
    ["shareOfDeadline", walk({ shareOfDeadline: 3 }), /shareOfDeadline is 3/],
    ["sticky", walk({ sticky: true }), /sticky is true.*makeSticky/],
    ["sticky without a key", walk({ sticky: { memory: Effect.runSync(Fallback.makeSticky()) } }), /sticky is/],
    ["a memory's time", () => Fallback.makeSticky({ keepFor: null as never }), /keepFor is null/],
    ["a memory's name", () => Fallback.makeSticky({ keep: 1 } as never), /no option "keep"/],
    ["a memory's options", () => Fallback.makeSticky(null as never), /makeSticky/]
  ])
})

describe("the options of a race", () => {
  const race = (options: object) => () => Hedge.across([one, two], { after: 1, ...options })
  refuses([
    ["after", race({ after: -1 }), /after is -1/],
    ["budget", race({ budget: 3 }), /budget is 3.*RetryBudget.make/],
    ["budget: null", race({ budget: null }), /budget is null/],
    ["fallbackOn", race({ fallbackOn: ["RateLimit"] }), /fallbackOn is "RateLimit",/],
    ["needs", race({ needs: [3] }), /needs is 3/],
    ["sticky", race({ sticky: 3 }), /sticky is 3/],
    ["patience", race({ patience: -1 }), /patience is -1/],
    ["name", race({ name: 3 }), /name is 3/],
    [
      "minimumSamples",
      race({ after: Hedge.quantile(0.9, { minimumSamples: null as never }) }),
      /minimumSamples is null/
    ],
    ["the name of one target", () => Hedge.again(one.run, 3 as never, { after: 1 }), /the target is 3/]
  ])
})

describe("the options of a cache", () => {
  const call = (options: object) => () =>
    one.run.pipe(
      ResponseCache.through({ key: "k", schema: Schema.Number, ...options }),
      Effect.provide(ResponseCache.layerMemory())
    )
  const stream = (options: object) => () =>
    Stream.runDrain(
      Stream.make(1).pipe(ResponseCache.throughStream({ key: "k", schema: Schema.Number, ...options }))
    ).pipe(Effect.provide(ResponseCache.layerMemory()))
  for (const [name, through] of Object.entries({ call, stream })) {
    refuses([
      [`${name}: key`, through({ key: undefined }), /key is undefined/],
      [`${name}: schema`, through({ schema: 3 }), /schema is 3/],
      [`${name}: storeIf`, through({ storeIf: true }), /storeIf is true.*a function/],
      [`${name}: staleOn`, through({ staleOn: "all" }), /staleOn is "all".*a function/],
      [`${name}: coalesce`, through({ coalesce: 3 }), /coalesce is 3.*true or false/],
      [`${name}: name`, through({ name: 3 }), /name is 3/],
      [`${name}: fresh`, through({ fresh: null }), /fresh is null/],
      [`${name}: a name that is wrong`, through({ ttl: 1 }), /no option "ttl"/]
    ])
  }
  const made = (options: object) => () => Effect.scoped(Layer.build(ResponseCache.layerMemory(options)))
  refuses([
    ["bytes", made({ bytes: 0 }), /bytes is 0/],
    ["storeTimeout", made({ storeTimeout: null }), /storeTimeout is null/],
    ["what a key leaves out", () => ResponseCache.keyOf({}, { leaveOut: "model" as never }), /leaveOut is "model"/]
  ])
})

describe("the options of a rotation", () => {
  const made = (options: object) => () => KeyRotation.make({ name: "acme", keys: [Redacted.make("k")], ...options })
  refuses([
    ["name", made({ name: undefined }), /name is undefined/],
    ["no key", made({ keys: [] }), /keys/],
    ["setAsideFor", made({ setAsideFor: null }), /setAsideFor is null/],
    ["restFor", made({ restFor: -1 }), /restFor is -1/]
  ])

  it("what may be a secret is not shown", () => {
    expect(refusal(made({ keys: "sk-secret" }))).not.toContain("secret")
    expect(refusal(made({ keys: ["sk-secret"] }))).toMatch(/Redacted\.make/)
  })
})

describe("the options of a resilient model", () => {
  it("a share of the time is nobody's where attempts run beside each other", () => {
    const model = Layer.empty as never
    const policy = { hedge: { after: 1 }, shareOfDeadline: 0.5 }
    const make = () => ResilientLanguageModel.layer({ targets: [{ name: "a", model }], ...policy })
    expect(refusal(make)).toMatch(/shareOfDeadline is 0.5.*hedge/)
  })
})
