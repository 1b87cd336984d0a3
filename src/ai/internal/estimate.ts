/**
 * What the prompt of a turn is expected to use, where its targets reserve it beforehand.
 *
 * @internal
 */
import * as Prompt from "@effect/ai/Prompt"
import type * as Tokenizer from "@effect/ai/Tokenizer"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { CurrentEstimate, type Estimate, estimateTokens } from "../../RateLimit.js"

/** Gives a turn with this prompt its estimate; that of a caller who has made one is left as it is. @internal */
export type Estimator = (prompt: Prompt.RawInput | undefined) => Effect.Effect<Estimate>

/** As the tokenizer counts, or by characters where there is none, or none that can count this. @internal */
export const estimator =
  (tokenizer: Tokenizer.Service | undefined): Estimator =>
  (raw) =>
    Effect.withFiberRuntime((fiber) => {
      const told = Context.get(fiber.currentContext as Context.Context<never>, CurrentEstimate)
      if (raw === undefined || told.inputTokens !== undefined) return Effect.succeed(told)
      const prompt = Prompt.make(raw)
      const byCharacters = Effect.sync(() => estimateTokens(textOf(prompt)))
      const counted =
        tokenizer === undefined
          ? byCharacters
          : Effect.suspend(() => tokenizer.tokenize(prompt)).pipe(
              Effect.map((tokens) => tokens.length),
              Effect.catchAll(() => byCharacters),
              Effect.catchAllDefect(() => byCharacters)
            )
      return Effect.map(counted, (inputTokens) => ({ ...told, inputTokens }))
    })

/** @internal */
export const effect = <A, E, R>(
  estimate: Estimator | undefined,
  prompt: Prompt.RawInput | undefined,
  self: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  estimate === undefined
    ? self
    : Effect.flatMap(estimate(prompt), (told) => Effect.provideService(self, CurrentEstimate, told))

/** @internal */
export const stream = <A, E, R>(
  estimate: Estimator | undefined,
  prompt: Prompt.RawInput | undefined,
  self: Stream.Stream<A, E, R>
): Stream.Stream<A, E, R> =>
  estimate === undefined
    ? self
    : Stream.unwrap(Effect.map(estimate(prompt), (told) => Stream.provideService(self, CurrentEstimate, told)))

/** The words of all messages, with what tools were asked and have answered. Files have no words. */
const textOf = (prompt: Prompt.Prompt): string =>
  prompt.content.flatMap(({ content }) => (typeof content === "string" ? [content] : content.map(wordsOf))).join("\n")

const wordsOf = (part: Prompt.Part): string => {
  switch (part.type) {
    case "text":
    case "reasoning":
      return part.text
    case "tool-call":
      return `${part.name} ${jsonOf(part.params)}`
    case "tool-result":
      return jsonOf(part.result)
    default:
      return ""
  }
}

const jsonOf = (value: unknown): string => {
  try {
    return JSON.stringify(value) ?? ""
  } catch {
    return ""
  }
}
