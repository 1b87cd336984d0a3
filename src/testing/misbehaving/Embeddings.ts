import * as Predicate from "effect/Predicate"
import { Cohere } from "./Cohere.js"
import { embeddings } from "./embedding.js"
import { Gemini, modelInPath } from "./Gemini.js"
import { Ollama } from "./Ollama.js"
import { listOf, textOf, type Wire } from "./Wire.js"

const strings = (u: unknown): ReadonlyArray<string> =>
  Array.isArray(u) ? u.filter(Predicate.isString) : Predicate.isString(u) ? [u] : []

/** Gemini's embeddings: `POST /v1beta/models/{model}:embedContent` and `:batchEmbedContents`. @internal */
export const GeminiEmbeddings: Wire = embeddings(Gemini, {
  dialect: "gemini-embeddings",
  model: modelInPath,
  texts: ({ content, requests }) => [
    ...(content === undefined ? [] : [contentText(content)]),
    ...listOf(requests).map((request) => contentText(request.content))
  ],
  missing: { message: "* EmbedContentRequest.content: contents is not specified", param: "content" },
  dimensions: ({ outputDimensionality, requests }) => outputDimensionality ?? listOf(requests)[0]?.outputDimensionality,
  plain: ({ request }, vectors) =>
    request.body.requests === undefined
      ? { embedding: { values: vectors[0] } }
      : { embeddings: vectors.map((values) => ({ values })) }
})

const contentText = (content: unknown): string => (Predicate.isRecord(content) ? textOf(content.parts) : "")

/** Cohere's embeddings, version 2: `POST /v2/embed`. Vectors are floats, whatever other types are asked for. @internal */
export const CohereEmbeddings: Wire = embeddings(Cohere, {
  dialect: "cohere-embeddings",
  texts: ({ inputs, texts }) => [...strings(texts), ...listOf(inputs).map(textOf)],
  missing: { message: "invalid request: texts must be at least 1 item long", param: "texts" },
  dimensions: ({ output_dimension }) => output_dimension,
  plain: ({ id, request, usage }, float) => ({
    id,
    texts: strings(request.body.texts),
    embeddings: { float },
    meta: { api_version: { version: "2" }, billed_units: { input_tokens: usage.inputTokens } },
    response_type: "embeddings_by_type"
  })
})

/** Ollama's embeddings: `POST /api/embed`. @internal */
export const OllamaEmbeddings: Wire = embeddings(Ollama, {
  dialect: "ollama-embeddings",
  texts: ({ input }) => strings(input),
  missing: { message: "input is missing", param: "input" },
  dimensions: ({ dimensions }) => dimensions,
  plain: ({ request, usage }, embeddings) => ({
    model: request.model,
    embeddings,
    total_duration: 1_000_000,
    load_duration: 100_000,
    prompt_eval_count: usage.inputTokens
  })
})
