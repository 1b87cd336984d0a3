/**
 * Every dialect, and which of them are read for one response.
 */
import { anthropic } from "./Anthropic.js"
import { azure } from "./Azure.js"
import { bedrock } from "./Bedrock.js"
import { cerebras } from "./Cerebras.js"
import { cohere } from "./Cohere.js"
import { copilot } from "./Copilot.js"
import { dashScope } from "./DashScope.js"
import { deepSeek } from "./DeepSeek.js"
import type { Dialect } from "./Dialect.js"
import { fireworks } from "./Fireworks.js"
import { fronts } from "./Fronts.js"
import { gemini } from "./Gemini.js"
import { generic } from "./Generic.js"
import { groq } from "./Groq.js"
import { huggingFace } from "./HuggingFace.js"
import { hunyuan } from "./Hunyuan.js"
import { liteLlm } from "./LiteLlm.js"
import { llamaCpp } from "./LlamaCpp.js"
import { lmStudio } from "./LmStudio.js"
import { miniMax } from "./MiniMax.js"
import { mistral } from "./Mistral.js"
import { moonshot } from "./Moonshot.js"
import { nim } from "./Nim.js"
import { ollama } from "./Ollama.js"
import { openAi } from "./OpenAi.js"
import { openRouter } from "./OpenRouter.js"
import { perplexity } from "./Perplexity.js"
import { qianfan } from "./Qianfan.js"
import { sageMaker } from "./SageMaker.js"
import type { Facts } from "./Said.js"
import { sambaNova } from "./SambaNova.js"
import { siliconFlow } from "./SiliconFlow.js"
import { tgi } from "./Tgi.js"
import { together } from "./Together.js"
import { vercelGateway } from "./VercelGateway.js"
import { vertexEndpoints } from "./VertexEndpoints.js"
import { vllm } from "./Vllm.js"
import { volcengine } from "./Volcengine.js"
import { workersAi } from "./WorkersAi.js"
import { xAi } from "./XAi.js"
import { zhipu } from "./Zhipu.js"

/** In the order in which recognised ones are read. @internal */
export const dialects: ReadonlyArray<Dialect> = [
  ...[azure, anthropic, gemini, bedrock, mistral, groq, deepSeek, xAi, cohere, together, cerebras],
  ...[dashScope, zhipu, miniMax, moonshot, siliconFlow, volcengine, qianfan, hunyuan, fireworks, sambaNova, nim],
  ...[sageMaker, vertexEndpoints, workersAi, vercelGateway, copilot, perplexity, huggingFace],
  ...[openRouter, ollama, llamaCpp, vllm, tgi, lmStudio, liteLlm, openAi, fronts, generic]
]

/** The dialect that goes by this name, in any spelling: `azure-openai`, `Azure OpenAI`, `google.vertex`. @internal */
export const dialectNamed = (name: string): Dialect | undefined => {
  const spelled = plain(name)
  const found = byName.get(spelled)
  if (found !== undefined || spelled === "") return found
  const part = name
    .toLowerCase()
    .split(/[./:\s]/)
    .find((one) => byName.has(plain(one)))
  return part === undefined ? undefined : byName.get(plain(part))
}

const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, "")

const byName: ReadonlyMap<string, Dialect> = new Map(
  dialects.flatMap((dialect) => [dialect.name, ...(dialect.aliases ?? [])].map((name) => [plain(name), dialect]))
)

/** @internal */
export interface Chosen {
  readonly order: ReadonlyArray<Dialect>
  /** Whose response it is, as far as that can be told. */
  readonly provider: string | undefined
}

/**
 * The provider's own dialect where it is named, then those that the response looks like, then the one that the target's
 * name begins with; after them OpenAI's, which most servers speak, and what holds for everyone.
 *
 * @internal
 */
export const choose = (provider: string | undefined, target: string | undefined, facts: Facts): Chosen => {
  const named = provider === undefined ? undefined : dialectNamed(provider)
  const recognised = dialects.filter((dialect) => dialect.recognise?.(facts) === true)
  const addressed = target === undefined ? undefined : dialectNamed(target.split("/")[0] ?? "")
  const own = [named, ...recognised, addressed].filter((dialect) => dialect !== undefined)
  const last = [openAi, fronts, generic]
  return {
    order: [...new Set([...own.filter((dialect) => !last.includes(dialect)), ...last])],
    provider: provider ?? recognised[0]?.name
  }
}
