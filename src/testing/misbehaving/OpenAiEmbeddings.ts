import { Buffer } from "node:buffer"
import * as Predicate from "effect/Predicate"
import { embeddings } from "./embedding.js"
import { openAiError } from "./openAiErrors.js"
import { dataEvent, textOf, type Wire } from "./Wire.js"

/** Complaints are about the input, and not about messages. */
const complaints: Parameters<typeof embeddings>[0] = {
  requestIdHeader: "x-request-id",
  problem: (problem, about) => {
    const { error, status } = openAiError(problem, about, "input")
    return { status, body: { error } }
  },
  problemInStream: (problem, about) => dataEvent({ error: openAiError(problem, about, "input").error })
}

/** OpenAI's embeddings: `POST /v1/embeddings`. The same text always has the same vector. @internal */
export const OpenAiEmbeddings: Wire = embeddings(complaints, {
  dialect: "openai-embeddings",
  texts: ({ input }) => inputsOf(input),
  missing: { message: "Invalid 'input': expected a text or texts.", param: "input" },
  dimensions: ({ dimensions }) => dimensions,
  plain: ({ id, request, usage }, vectors) => ({
    // Mistral's, which its client insists on.
    id,
    object: "list",
    data: vectors.map((numbers, index) => ({
      object: "embedding",
      index,
      embedding: encoded(numbers, request.body.encoding_format === "base64")
    })),
    model: request.model,
    usage: { prompt_tokens: usage.inputTokens, total_tokens: usage.inputTokens }
  })
})

const inputsOf = (input: unknown): ReadonlyArray<string> =>
  Array.isArray(input) && input.every(Predicate.isString)
    ? input
    : Array.isArray(input)
      ? [JSON.stringify(input)]
      : Predicate.isString(input)
        ? [textOf(input)]
        : []

/** OpenAI's own clients ask for base64, and read it as numbers. */
const encoded = (numbers: ReadonlyArray<number>, base64: boolean): unknown =>
  base64 ? Buffer.from(Float32Array.from(numbers).buffer).toString("base64") : numbers
