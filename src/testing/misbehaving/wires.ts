/**
 * Which dialect is spoken at which path. Another dialect is a file beside this one and a line here.
 */
import { Anthropic } from "./Anthropic.js"
import { Bedrock } from "./Bedrock.js"
import { Cohere } from "./Cohere.js"
import { CohereEmbeddings, GeminiEmbeddings, OllamaEmbeddings } from "./Embeddings.js"
import { Gemini } from "./Gemini.js"
import { Ollama } from "./Ollama.js"
import { OpenAiChat } from "./OpenAiChat.js"
import { OpenAiEmbeddings } from "./OpenAiEmbeddings.js"
import { OpenAiResponses } from "./OpenAiResponses.js"
import type { Wire } from "./Wire.js"

const wires: Readonly<Record<string, Wire>> = {
  "/v1/chat/completions": OpenAiChat,
  "/v1/responses": OpenAiResponses,
  "/v1/embeddings": OpenAiEmbeddings,
  "/v1/messages": Anthropic,
  "/v2/chat": Cohere,
  "/v2/embed": CohereEmbeddings,
  "/api/chat": Ollama,
  "/api/embed": OllamaEmbeddings
}

/** These have the model in the path. */
const withModel: ReadonlyArray<readonly [path: RegExp, wire: Wire]> = [
  [/^\/v1(?:beta)?\/models\/[^/:]+:(?:generateContent|streamGenerateContent)$/, Gemini],
  [/^\/v1(?:beta)?\/models\/[^/:]+:(?:embedContent|batchEmbedContents)$/, GeminiEmbeddings],
  [/^\/model\/[^/]+\/converse(?:-stream)?$/, Bedrock]
]

/** @internal */
export const wireOf = (path: string): Wire | undefined => wires[path] ?? withModel.find(([of]) => of.test(path))?.[1]
