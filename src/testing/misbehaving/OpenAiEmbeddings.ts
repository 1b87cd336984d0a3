import { Buffer } from "node:buffer"
import * as Predicate from "effect/Predicate"
import { openAiError } from "./openAiErrors.js"
import { dimensionsOf, vector } from "./vector.js"
import { dataEvent, readModel, textOf, type Wire } from "./Wire.js"

/** OpenAI's embeddings: `POST /v1/embeddings`. The same text always has the same vector. @internal */
export const OpenAiEmbeddings: Wire = {
  dialect: "openai-embeddings",
  requestIdHeader: "x-request-id",
  keepAlive: "\n",
  read: (body) => {
    const model = readModel(body)
    if (!Predicate.isString(model)) return model
    const inputs = inputsOf(body.input)
    if (inputs.length === 0) return { message: "Invalid 'input': expected a text or texts.", param: "input" }
    return {
      dialect: "openai-embeddings",
      model,
      streaming: false,
      prompt: inputs[inputs.length - 1] ?? "",
      characters: inputs.join("").length,
      tools: [],
      mustCall: undefined,
      jsonSchema: undefined,
      body
    }
  },
  plain: ({ id, request, usage }) => ({
    // Mistral's, which its client insists on.
    id,
    object: "list",
    data: inputsOf(request.body.input).map((text, index) => ({
      object: "embedding",
      index,
      embedding: encoded(vector(text, dimensionsOf(request.body.dimensions)), request.body.encoding_format === "base64")
    })),
    model: request.model,
    usage: { prompt_tokens: usage.inputTokens, total_tokens: usage.inputTokens }
  }),
  // Embeddings are never streamed.
  stream: () => [],
  problem: (problem, about) => {
    const { error, status } = openAiError(problem, about, "input")
    return { status, body: { error } }
  },
  problemInStream: (problem, about) => dataEvent({ error: openAiError(problem, about, "input").error })
}

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
