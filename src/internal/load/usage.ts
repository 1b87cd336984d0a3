/**
 * What a whole answer says it has used, in any of the providers' words.
 *
 * @internal
 */
import type { Usage } from "../errors/llmError.js"
import { arrayOf, type Fields, fieldsOf, isFields } from "../stream/dialect/fields.js"
import { ofFinish, ofOllama, usageIn } from "../stream/dialect/usage.js"

/** Nothing where the answer does not say. Looking never throws. @internal */
export const usageOf = (answer: unknown): Usage | undefined => {
  try {
    if (!isFields(answer)) return undefined
    const usage = told(answer)
    if (saysSome(usage)) return usage
    const counted = ofOllama(answer)
    return saysSome(counted) ? counted : undefined
  } catch {
    return undefined
  }
}

const told = (answer: Fields): Usage => {
  // An answer of `@effect/ai` says it in its last part.
  const last = fieldsOf(arrayOf(answer.content).at(-1))
  if (last.type === "finish") return ofFinish(last)
  const usage = answer.usage ?? answer.usageMetadata ?? answer.usage_metadata ?? fieldsOf(answer.response).usage
  // Cohere says beside them what it bills.
  return usageIn(fieldsOf(fieldsOf(usage).tokens ?? usage))
}

const saysSome = ({ inputTokens, outputTokens }: Usage): boolean =>
  inputTokens !== undefined || outputTokens !== undefined
