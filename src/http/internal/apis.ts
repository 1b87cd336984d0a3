/**
 * The model APIs that are known at this seam: how a request to one is recognised, and how its answers are read.
 *
 * Another API is one entry in `apis`.
 *
 * @internal
 */
import * as StreamDialect from "../../StreamDialect.js"

/** In whose words an answer of the toolkit's own is written. */
export type Family = "openai" | "anthropic" | "gemini" | "cohere" | "ollama" | "bedrock"

/** @internal */
export interface Api {
  readonly family: Family
  /** The end of the path, from which on it belongs to the API and not to the base URL. */
  readonly path: RegExp
  /** How streamed elements are read. Left out, nothing is streamed. */
  readonly stream?: StreamDialect.StreamDialect<unknown>
  /** Whether a whole body is looked at as an answer of a model, or only for a failure in it. */
  readonly answers: boolean
  /** It has no output that is counted in tokens, such as embeddings. */
  readonly generates?: false
  /** Whether the path asks for a stream, where the body does not. */
  readonly streams?: RegExp
}

interface Choice {
  readonly text?: string
  readonly finish_reason?: string | null
}

const choicesOf = (element: unknown): ReadonlyArray<Choice> => {
  const choices = (element as { readonly choices?: unknown } | null)?.choices
  return Array.isArray(choices) ? choices : []
}

/** The older completions, whose text lies directly in a choice. What else they hold is as in a chat. */
const completions: StreamDialect.StreamDialect<unknown> = {
  ...StreamDialect.openAiChat,
  read: (element) => {
    const reading = StreamDialect.openAiChat.read(element)
    if (reading.kind !== "metadata") return reading
    const text = choicesOf(element)
      .map((choice) => choice?.text ?? "")
      .join("")
    return text === "" ? reading : { ...reading, kind: "content", text }
  }
}

/** @internal */
export const apis: ReadonlyArray<Api> = [
  { family: "openai", path: /\/chat\/completions$/, stream: StreamDialect.openAiChat, answers: true },
  { family: "openai", path: /\/completions$/, stream: completions, answers: false },
  { family: "openai", path: /\/responses$/, stream: StreamDialect.openAiResponses, answers: true },
  { family: "openai", path: /\/embeddings$/, answers: false, generates: false },
  { family: "anthropic", path: /\/messages$/, stream: StreamDialect.anthropic, answers: true },
  {
    family: "gemini",
    path: /\/models\/[^/]+:(?:generateContent|streamGenerateContent)$/,
    stream: StreamDialect.gemini,
    answers: true,
    streams: /:streamGenerateContent$/
  },
  { family: "gemini", path: /\/models\/[^/]+:(?:embedContent|batchEmbedContents)$/, answers: false, generates: false },
  { family: "cohere", path: /\/v2\/chat$/, stream: StreamDialect.cohere, answers: true },
  { family: "cohere", path: /\/v2\/(?:embed|rerank)$/, answers: false, generates: false },
  { family: "ollama", path: /\/api\/(?:chat|generate)$/, stream: StreamDialect.ollama, answers: true },
  { family: "ollama", path: /\/api\/(?:embed|embeddings)$/, answers: false, generates: false },
  { family: "bedrock", path: /\/model\/[^/]+\/converse$/, answers: true },
  { family: "bedrock", path: /\/model\/[^/]+\/invoke$/, answers: false }
]

/** Hosts whose provider goes by a name. Others are named by their host. */
export const providers: ReadonlyArray<readonly [host: RegExp, provider: string]> = [
  [/^api\.openai\.com$/, "openai"],
  [/^api\.anthropic\.com$/, "anthropic"],
  [/^generativelanguage\.googleapis\.com$/, "gemini"],
  [/(?:^|\.)aiplatform\.googleapis\.com$|-aiplatform\.googleapis\.com$/, "gemini"],
  [/\.openai\.azure\.com$|\.cognitiveservices\.azure\.com$|\.services\.ai\.azure\.com$/, "azure"],
  [/^bedrock-runtime\..*\.amazonaws\.com$/, "bedrock"],
  [/^api\.mistral\.ai$/, "mistral"],
  [/^api\.cohere\.(?:com|ai)$/, "cohere"],
  [/^api\.groq\.com$/, "groq"],
  [/^openrouter\.ai$/, "openrouter"],
  [/^api\.deepseek\.com$/, "deepseek"],
  [/^api\.x\.ai$/, "xai"],
  [/^api\.together\.(?:xyz|ai)$/, "together"],
  [/^api\.fireworks\.ai$/, "fireworks"],
  [/^api\.cerebras\.ai$/, "cerebras"],
  [/^api\.perplexity\.ai$/, "perplexity"]
]
