/** What the resilient model does with tool calls has to be what `LanguageModel` does with them. */

import { LanguageModel, type Response, Tool, Toolkit } from "@effect/ai"
import { describe, expect, it } from "@effect/vitest"
import { Chunk, Effect, Layer, Schema, Stream } from "effect"
import { Resilience } from "effect-resilience"
import * as ResilientLanguageModel from "effect-resilience/ai/ResilientLanguageModel"
import { answered, finish, model } from "./scripted.js"

const Weather = Tool.make("weather", { parameters: { at: Schema.DateFromString }, success: Schema.NumberFromString })
const tools = Toolkit.make(Weather)

const at = "2026-01-02T03:04:05.000Z"
const call: Response.ToolCallPartEncoded = { type: "tool-call", id: "1", name: "weather", params: { at } }
/** A call that the provider ran itself, and what came of it. */
const searched: Response.ToolCallPartEncoded = { ...call, id: "2", providerExecuted: true }
const found: Response.ToolResultPartEncoded = {
  type: "tool-result",
  id: "2",
  name: "weather",
  result: "7",
  isFailure: false,
  providerExecuted: true
}

/** The tools, and the dates they ran for. */
const handlers = () => {
  const ran: Array<Date> = []
  const layer = tools.toLayer({
    weather: ({ at }) =>
      Effect.sync(() => {
        ran.push(at)
        return 21
      })
  })
  return { ran, layer }
}

/** The same model, bare, and behind a target that always fails. */
const both = (parts: ReadonlyArray<Response.PartEncoded & Response.StreamPartEncoded>) => {
  const failing = model(Effect.fail(answered(500)), Stream.fail(answered(500)))
  const working = () => model(Effect.succeed([...parts]), Stream.fromIterable(parts)).layer
  const resilient = ResilientLanguageModel.layer({
    targets: [
      { name: "a", model: failing.layer },
      { name: "b", model: working() }
    ]
  }).pipe(Layer.provide(Resilience.layer({ retry: { maxAttempts: 2, initialDelay: 0 } })))
  return [working(), resilient] as const
}

/** What of a part matters, without the order of its fields. */
const plain = (parts: ReadonlyArray<{ readonly type: string }>) => JSON.parse(JSON.stringify(parts))

const cases = {
  "a call of ours": [call, finish],
  "a call that the provider ran itself": [searched, found, finish],
  "both in one answer": [searched, found, call, finish]
}

for (const [title, parts] of Object.entries(cases)) {
  for (const disableToolCallResolution of [false, true]) {
    const ours = parts.includes(call) && !disableToolCallResolution
    describe(`${title}${disableToolCallResolution ? ", left unresolved" : ""}`, () => {
      const options = { prompt: "?", toolkit: tools, disableToolCallResolution } as const

      it.effect("generateText", () =>
        Effect.gen(function* () {
          const [bare, resilient] = both(parts)
          const expected = yield* LanguageModel.generateText(options).pipe(
            Effect.provide(Layer.merge(bare, handlers().layer))
          )
          const { layer, ran } = handlers()
          const response = yield* LanguageModel.generateText(options).pipe(
            Effect.provide(Layer.merge(resilient, layer))
          )
          expect(plain(response.content)).toEqual(plain(expected.content))
          expect(response.toolResults.filter(({ providerExecuted }) => !providerExecuted)).toHaveLength(ours ? 1 : 0)
          expect(ran).toEqual(ours ? [new Date(at)] : [])
        })
      )

      it.effect("generateObject", () =>
        Effect.gen(function* () {
          const schema = Schema.Struct({ city: Schema.String })
          const [bare, resilient] = both([{ type: "text", text: '{"city":"Köln"}' } as never, ...parts])
          const expected = yield* LanguageModel.generateObject({ ...options, schema }).pipe(
            Effect.provide(Layer.merge(bare, handlers().layer))
          )
          const { layer, ran } = handlers()
          const response = yield* LanguageModel.generateObject({ ...options, schema }).pipe(
            Effect.provide(Layer.merge(resilient, layer))
          )
          expect(response.value).toEqual({ city: "Köln" })
          expect(plain(response.content)).toEqual(plain(expected.content))
          expect(ran).toEqual(ours ? [new Date(at)] : [])
        })
      )

      it.effect("streamText", () =>
        Effect.gen(function* () {
          const [bare, resilient] = both(parts)
          const collected = Effect.map(Stream.runCollect(LanguageModel.streamText(options)), Chunk.toReadonlyArray)
          const expected = yield* Effect.provide(collected, Layer.merge(bare, handlers().layer))
          const { layer, ran } = handlers()
          const streamed = yield* Effect.provide(collected, Layer.merge(resilient, layer))
          const byType = (parts: ReadonlyArray<{ readonly type: string }>) =>
            plain(parts).toSorted((a: { type: string }, b: { type: string }) => a.type.localeCompare(b.type))
          expect(byType(streamed)).toEqual(byType(expected))
          expect(streamed.at(-1)?.type).toBe("finish")
          expect(ran).toEqual(ours ? [new Date(at)] : [])
        })
      )
    })
  }
}
