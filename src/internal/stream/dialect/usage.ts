/**
 * What an answer has used, in the words of each provider, and as one thing: all input is `inputTokens`, all output is
 * `outputTokens`, and the other numbers are parts of these two.
 *
 * @internal
 */
import type { Usage } from "../../errors/llmError.js"
import { type Fields, fieldsOf, isCount, isFields, numbers } from "./fields.js"

/** OpenAI's chat completions and embeddings, and all who follow them. Some clients rename the fields. @internal */
export const ofChat = (u: Fields): Usage => {
  const input = fieldsOf(u.prompt_tokens_details ?? u.promptTokensDetails)
  const output = fieldsOf(u.completion_tokens_details ?? u.completionTokensDetails)
  return numbers({
    inputTokens: u.prompt_tokens ?? u.promptTokens,
    outputTokens: u.completion_tokens ?? u.completionTokens,
    // DeepSeek's name for it, and that of gateways that ask Anthropic.
    cachedInputTokens:
      input.cached_tokens ?? input.cachedTokens ?? u.prompt_cache_hit_tokens ?? u.cache_read_input_tokens,
    cacheCreationInputTokens: input.cache_write_tokens ?? input.cacheWriteTokens ?? u.cache_creation_input_tokens,
    reasoningTokens: output.reasoning_tokens ?? output.reasoningTokens,
    // OpenRouter's.
    cost: u.cost
  })
}

/** OpenAI's responses; Realtime leaves out the plural, and LangChain has names of its own for the parts. @internal */
export const ofResponses = (u: Fields): Usage => {
  const input = fieldsOf(u.input_tokens_details ?? u.input_token_details)
  const output = fieldsOf(u.output_tokens_details ?? u.output_token_details)
  return numbers({
    inputTokens: u.input_tokens,
    outputTokens: u.output_tokens,
    cachedInputTokens: input.cached_tokens ?? input.cache_read,
    cacheCreationInputTokens: input.cache_write_tokens ?? input.cache_creation,
    reasoningTokens: output.reasoning_tokens ?? output.reasoning
  })
}

/** @internal */
export const ofAnthropic = (u: Fields): Usage =>
  besideCache(u.input_tokens, u.output_tokens, u.cache_read_input_tokens, u.cache_creation_input_tokens)

/** @internal */
export const ofBedrock = (u: Fields): Usage =>
  besideCache(u.inputTokens, u.outputTokens, u.cacheReadInputTokens, u.cacheWriteInputTokens)

/** These tell what went through their cache beside the rest, and what they read from there counts to none of their limits. */
const besideCache = (rest: unknown, outputTokens: unknown, read: unknown, written: unknown): Usage =>
  numbers({
    inputTokens: isCount(rest) ? sum(rest, read, written) : undefined,
    outputTokens,
    cachedInputTokens: read,
    cacheCreationInputTokens: written,
    rateLimitedInputTokens: isCount(rest) && isCount(read) && read > 0 ? sum(rest, written) : undefined
  })

/** Gemini tells apart what it has thought, and what its own tools have said to it. @internal */
export const ofGemini = (u: Fields): Usage =>
  numbers({
    inputTokens: sum(u.promptTokenCount, u.toolUsePromptTokenCount),
    outputTokens: sum(u.candidatesTokenCount, u.thoughtsTokenCount),
    cachedInputTokens: u.cachedContentTokenCount,
    reasoningTokens: u.thoughtsTokenCount
  })

/** @internal */
export const ofGeminiInteractions = (u: Fields): Usage =>
  numbers({
    inputTokens: sum(u.total_input_tokens, u.total_tool_use_tokens),
    outputTokens: sum(u.total_output_tokens, u.total_thought_tokens),
    cachedInputTokens: u.total_cached_tokens,
    reasoningTokens: u.total_thought_tokens
  })

/** Ollama has no place of its own for them. @internal */
export const ofOllama = (answer: Fields): Usage =>
  numbers({ inputTokens: answer.prompt_eval_count, outputTokens: answer.eval_count })

/** The Vercel AI SDK in all its versions, and these names themselves. @internal */
export const ofAiSdk = (u: Fields): Usage => {
  const input = fieldsOf(u.inputTokens)
  const output = fieldsOf(u.outputTokens)
  const ofInput = fieldsOf(u.inputTokenDetails)
  return numbers({
    inputTokens: input.total ?? u.inputTokens,
    outputTokens: output.total ?? u.outputTokens,
    cachedInputTokens: input.cacheRead ?? ofInput.cacheReadTokens ?? u.cachedInputTokens,
    cacheCreationInputTokens: input.cacheWrite ?? ofInput.cacheWriteTokens ?? u.cacheCreationInputTokens,
    rateLimitedInputTokens: u.rateLimitedInputTokens,
    reasoningTokens: output.reasoning ?? fieldsOf(u.outputTokenDetails).reasoningTokens ?? u.reasoningTokens,
    cost: u.cost
  })
}

/**
 * The last part of an answer of `@effect/ai`. Its own usage is as the provider counts, and beside it are the provider's
 * words. Of a stream of Anthropic's these are those from before its output.
 *
 * @internal
 */
export const ofFinish = (part: Fields): Usage => {
  const usage = fieldsOf(part.usage)
  const told = fieldsOf(part.metadata)
  const anthropic = fieldsOf(told.anthropic).usage
  if (isFields(anthropic)) return ofAnthropic({ ...anthropic, output_tokens: usage.outputTokens })
  const google = fieldsOf(told.google).usageMetadata
  if (isFields(google)) return ofGemini(google)
  return isFields(told.bedrock)
    ? ofBedrock({ ...usage, ...fieldsOf(told.bedrock.usage), cacheReadInputTokens: usage.cachedInputTokens })
    : ofAiSdk(usage)
}

/** Whoever's words they are, and if they are of the input or of the output alone. @internal */
export const usageIn = (u: Fields): Usage => {
  const says = (...names: ReadonlyArray<string>): boolean => names.some((name) => name in u)
  if (says("prompt_tokens", "completion_tokens", "promptTokens", "completionTokens")) return ofChat(u)
  if (says("input_tokens", "output_tokens")) {
    return says("cache_read_input_tokens", "cache_creation_input_tokens") ? ofAnthropic(u) : ofResponses(u)
  }
  if (says("promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount")) return ofGemini(u)
  if (says("total_input_tokens", "total_output_tokens")) return ofGeminiInteractions(u)
  return says("cacheReadInputTokens", "cacheWriteInputTokens") ? ofBedrock(u) : ofAiSdk(u)
}

/** Nothing, where none of them is told. */
const sum = (...told: ReadonlyArray<unknown>): number | undefined => {
  const counts = told.filter(isCount)
  return counts.length === 0 ? undefined : counts.reduce((total, count) => total + count, 0)
}
