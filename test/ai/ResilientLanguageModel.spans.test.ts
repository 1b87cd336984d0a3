import { LanguageModel } from "@effect/ai"
import { describe, expect, it } from "@effect/vitest"
import { Cause, Context, Effect, Exit, Layer, Stream, Tracer } from "effect"
import { Resilience } from "effect-resilience"
import * as ResilientLanguageModel from "effect-resilience/ai/ResilientLanguageModel"
import { answered, deltas, model, text } from "./scripted.js"

const secret = "sk-SECRET and the prompt"

/** What an exporter gets of each span: how it ended. */
const exporter = () => {
  const ended: Array<{ readonly name: string; readonly exit: Exit.Exit<unknown, unknown> }> = []
  const tracer = Tracer.make({
    span: (name, parent, context, links, startTime, kind) => {
      const span: Tracer.Span = {
        _tag: "Span",
        name,
        spanId: name,
        traceId: "trace",
        parent,
        context: context ?? Context.empty(),
        status: { _tag: "Started", startTime },
        attributes: new Map(),
        links,
        sampled: true,
        kind,
        end: (_, exit) => void ended.push({ name, exit }),
        attribute: () => {},
        event: () => {},
        addLinks: () => {}
      }
      return span
    },
    context: (work) => work()
  })
  return { ended, tracer }
}

const resilient = (layer: Layer.Layer<LanguageModel.LanguageModel>) =>
  ResilientLanguageModel.layer({ targets: [{ name: "acme/large", model: layer }] }).pipe(
    Layer.provide(Resilience.layer({ retry: false }))
  )

const failures = (ended: ReturnType<typeof exporter>["ended"], name: string) =>
  ended
    .filter((span) => span.name === name)
    .map(({ exit }) => (Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined))

describe("what the client traces below a turn", () => {
  it.effect("ends with the failure as it was read, and not with the provider's body", () =>
    Effect.gen(function* () {
      const { ended, tracer } = exporter()
      yield* LanguageModel.generateText({ prompt: "hello" }).pipe(
        Effect.provide(resilient(model(Effect.fail(answered(500, secret))).layer)),
        Effect.withTracer(tracer),
        Effect.exit
      )
      expect(failures(ended, "LanguageModel.generateText")).toMatchObject([{ _tag: "ServerError", status: 500 }])
      expect(JSON.stringify(ended)).not.toContain(secret)
    })
  )

  it.effect("the same of a stream, and its consumer's own spans are left alone", () =>
    Effect.gen(function* () {
      const { ended, tracer } = exporter()
      const broken = Stream.concat(deltas("a").pipe(Stream.take(2)), Stream.fail(answered(500, secret)))
      yield* LanguageModel.streamText({ prompt: "hello" }).pipe(
        Stream.runForEach(() => Effect.ignore(Effect.withSpan(Effect.fail(secret), "consumer"))),
        Effect.provide(resilient(model(text(""), broken).layer)),
        Effect.withTracer(tracer),
        Effect.exit
      )
      expect(ended.some(({ name }) => name === "LanguageModel.streamText")).toBe(true)
      const own = ended.filter(({ name }) => name !== "consumer")
      expect(JSON.stringify(own)).not.toContain(secret)
      expect(failures(ended, "consumer")).toEqual([secret, secret])
    })
  )

  it.effect("an answer's span ends as it did", () =>
    Effect.gen(function* () {
      const { ended, tracer } = exporter()
      yield* LanguageModel.generateText({ prompt: "hello" }).pipe(
        Effect.provide(resilient(model(text("hi")).layer)),
        Effect.withTracer(tracer)
      )
      expect(ended.map(({ exit, name }) => [name, Exit.isSuccess(exit)])).toContainEqual([
        "LanguageModel.generateText",
        true
      ])
    })
  )
})
