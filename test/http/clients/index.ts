/** The clients that are held to everything. Another one is a file beside this one and a line here. */
import { anthropic } from "./anthropic.js"
import { bedrock } from "./bedrock.js"
import type { Entry } from "./Client.js"
import { cohere } from "./cohere.js"
import { effectAnthropic, effectOpenAi } from "./effectAi.js"
import { genAi } from "./genAi.js"
import { langChain } from "./langChain.js"
import { mistral } from "./mistral.js"
import { ollama } from "./ollama.js"
import { openAiChat, openAiResponses } from "./openAi.js"
import { vercel } from "./vercel.js"

export const entries: ReadonlyArray<Entry> = [
  openAiChat,
  openAiResponses,
  anthropic,
  vercel,
  mistral,
  cohere,
  ollama,
  genAi,
  langChain,
  effectOpenAi,
  effectAnthropic,
  bedrock
]
