/** Language models that answer as a test says, without a provider. */

import { AiError, LanguageModel, type Response } from "@effect/ai"
import { Effect, Layer, Option, Stream } from "effect"

type Answer = Effect.Effect<Array<Response.PartEncoded>, AiError.AiError>

export const usage = { inputTokens: 1, outputTokens: 2, totalTokens: 3 }

export const finish: Response.FinishPartEncoded = { type: "finish", reason: "stop", usage }

/** A model with one answer, and how often it was asked for it. */
export const model = (
  answer: Answer,
  parts: Stream.Stream<Response.StreamPartEncoded, AiError.AiError> = Stream.never
) => {
  const asked = { times: 0 }
  const count = Effect.sync(() => {
    asked.times++
  })
  const layer = Layer.effect(
    LanguageModel.LanguageModel,
    LanguageModel.make({
      generateText: () => Effect.zipRight(count, answer),
      streamText: () => Stream.unwrap(Effect.as(count, parts))
    })
  )
  return { asked, layer }
}

export const text = (text: string): Answer => Effect.succeed([{ type: "text", text }, finish])

export const deltas = (delta: string): Stream.Stream<Response.StreamPartEncoded> =>
  Stream.make<Array<Response.StreamPartEncoded>>(
    { type: "text-start", id: "1" },
    { type: "text-delta", id: "1", delta },
    { type: "text-end", id: "1" },
    finish
  )

/** What a client of `@effect/ai` fails with when the provider answers with this status and body. */
export const answered = (status: number, body = ""): AiError.AiError =>
  new AiError.HttpResponseError({
    module: "scripted",
    method: "generateText",
    reason: "StatusCode",
    body,
    request: { method: "POST", url: "https://example.com", urlParams: [], hash: Option.none(), headers: {} },
    response: { headers: {}, status }
  })
