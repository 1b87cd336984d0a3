/**
 * What a turn needs of the model that is asked for it.
 *
 * @internal
 */
import type * as Prompt from "@effect/ai/Prompt"
import * as Context from "effect/Context"
import type { TurnOptions } from "./cached.js"

/**
 * What the turns within need of a model, in words of your own, besides what they show by themselves. Only models that
 * state their `capabilities` are asked about it. Default: nothing.
 *
 * @example
 * ```ts
 * import { LanguageModel } from "@effect/ai"
 * import * as ResilientLanguageModel from "effect-resilience/ai/ResilientLanguageModel"
 * import { Effect } from "effect"
 *
 * export const answer = LanguageModel.generateText({ prompt: "Guten Tag!" }).pipe(
 *   Effect.provideService(ResilientLanguageModel.Needs, ["german"])
 * )
 * ```
 *
 * @since 0.1.0
 * @category Models
 */
export class Needs extends Context.Reference<Needs>()("effect-resilience/ai/Needs", {
  defaultValue: (): ReadonlyArray<string> => []
}) {}

/**
 * `tools` for a turn that offers some, `images` and `files` for a prompt that holds them, `structuredOutput` for a turn
 * that answers with an object.
 *
 * @internal
 */
export const needsOf = ({ prompt, schema, toolkit }: TurnOptions): ReadonlyArray<string> => {
  const types = prompt === undefined ? [] : mediaTypes(prompt as Prompt.Prompt)
  const needs: ReadonlyArray<readonly [string, boolean]> = [
    ["tools", toolkit !== undefined && (!("tools" in toolkit) || Object.keys(toolkit.tools).length > 0)],
    ["images", types.some((type) => type.startsWith("image/"))],
    ["files", types.some((type) => !type.startsWith("image/"))],
    ["structuredOutput", schema !== undefined]
  ]
  return needs.filter(([, needed]) => needed).map(([name]) => name)
}

const mediaTypes = ({ content }: Prompt.Prompt): ReadonlyArray<string> =>
  content.flatMap((message) =>
    typeof message.content === "string"
      ? []
      : message.content.flatMap((part) => (part.type === "file" ? [part.mediaType] : []))
  )
