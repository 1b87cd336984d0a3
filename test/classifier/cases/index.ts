import { anthropic } from "./anthropic.js"
import { azure } from "./azure.js"
import { bedrock } from "./bedrock.js"
import type { Case } from "./Case.js"
import { dashscope, hunyuan, minimax, moonshot, qianfan, siliconflow, volcengine, zhipu } from "./china.js"
import {
  copilot,
  fireworks,
  huggingface,
  nvidia,
  perplexity,
  sagemaker,
  sambanova,
  vercel,
  vertexEndpoints,
  workersai
} from "./clouds.js"
import { deployments, ownFaults, statuses, unnamed, wordings } from "./deployments.js"
import { fronts, litellm, openrouter } from "./gateways.js"
import { gemini } from "./gemini.js"
import { generic } from "./generic.js"
import { llamacpp, lmstudio, ollama, tgi, vllm } from "./local.js"
import { openai } from "./openai.js"
import { cerebras, cohere, deepseek, groq, mistral, together, xai } from "./others.js"

export const cases: Readonly<Record<string, ReadonlyArray<Case>>> = {
  openai,
  azure,
  anthropic,
  gemini,
  bedrock,
  mistral,
  groq,
  deepseek,
  xai,
  cohere,
  together,
  cerebras,
  openrouter,
  ollama,
  llamacpp,
  vllm,
  tgi,
  lmstudio,
  litellm,
  fronts,
  dashscope,
  zhipu,
  minimax,
  moonshot,
  siliconflow,
  volcengine,
  qianfan,
  hunyuan,
  fireworks,
  sambanova,
  nvidia,
  workersai,
  vercel,
  copilot,
  perplexity,
  huggingface,
  sagemaker,
  "vertex-endpoints": vertexEndpoints,
  generic: [...generic, ...deployments, ...statuses, ...ownFaults, ...wordings, ...unnamed]
}
