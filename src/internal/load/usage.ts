/**
 * What a whole answer says it has used, in any of the providers' words.
 *
 * @internal
 */
import type { Usage } from "../errors/llmError.js"
import { type Fields, fieldsOf, isFields, numbers } from "../stream/dialect/fields.js"

const first = (...values: ReadonlyArray<unknown>): unknown => values.find((value) => typeof value === "number")

const read = (u: Fields): Usage => {
  const cached = first(u.cachedInputTokens, u.cache_read_input_tokens, u.cachedContentTokenCount)
  // Gemini counts its thoughts apart.
  const thoughts = typeof u.thoughtsTokenCount === "number" ? u.thoughtsTokenCount : 0
  const candidates = typeof u.candidatesTokenCount === "number" ? u.candidatesTokenCount + thoughts : undefined
  return numbers({
    inputTokens: first(u.inputTokens, u.input_tokens, u.prompt_tokens, u.promptTokens, u.promptTokenCount),
    outputTokens: first(u.outputTokens, u.output_tokens, u.completion_tokens, u.completionTokens, candidates),
    cachedInputTokens: first(
      cached,
      fieldsOf(u.prompt_tokens_details).cached_tokens,
      fieldsOf(u.input_tokens_details).cached_tokens
    )
  })
}

/** Nothing where the answer does not say. Looking never throws. @internal */
export const usageOf = (answer: unknown): Usage | undefined => {
  try {
    if (!isFields(answer)) return undefined
    const usage = read(fieldsOf(answer.usage ?? answer.usageMetadata ?? fieldsOf(answer.response).usage))
    if (usage.inputTokens !== undefined || usage.outputTokens !== undefined) return usage
    const counted = numbers({ inputTokens: answer.prompt_eval_count, outputTokens: answer.eval_count })
    return counted.inputTokens === undefined && counted.outputTokens === undefined ? undefined : counted
  } catch {
    return undefined
  }
}
