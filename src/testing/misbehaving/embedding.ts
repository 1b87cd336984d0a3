import * as Predicate from "effect/Predicate"
import type { Answer, Dialect } from "./Reply.js"
import { dimensionsOf, vector } from "./vector.js"
import { type Body, readModel, type Wire } from "./Wire.js"

/**
 * The embeddings of a provider, which fail in the words of its chat.
 *
 * `texts` is what is to be embedded, and `plain` the answer with a vector for each.
 *
 * @internal
 */
export const embeddings = (
  chat: Pick<Wire, "requestIdHeader" | "problem" | "problemInStream">,
  options: {
    readonly dialect: Dialect
    readonly texts: (body: Body) => ReadonlyArray<string>
    readonly missing: { readonly message: string; readonly param: string }
    readonly dimensions: (body: Body) => unknown
    readonly model?: (path: string) => string
    readonly plain: (answer: Answer, vectors: ReadonlyArray<ReadonlyArray<number>>) => unknown
  }
): Wire => ({
  dialect: options.dialect,
  requestIdHeader: chat.requestIdHeader,
  keepAlive: "\n",
  read: (body, path) => {
    const model = options.model?.(path) ?? readModel(body)
    if (!Predicate.isString(model)) return model
    const texts = options.texts(body)
    if (texts.length === 0) return options.missing
    return {
      dialect: options.dialect,
      model,
      streaming: false,
      prompt: texts[texts.length - 1] ?? "",
      characters: texts.join("").length,
      tools: [],
      mustCall: undefined,
      jsonSchema: undefined,
      body
    }
  },
  plain: (answer) => {
    const { body } = answer.request
    const dimensions = dimensionsOf(options.dimensions(body))
    return options.plain(
      answer,
      options.texts(body).map((text) => vector(text, dimensions))
    )
  },
  // Embeddings are never streamed.
  stream: () => [],
  problem: chat.problem,
  problemInStream: chat.problemInStream
})
