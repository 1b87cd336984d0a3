/**
 * What an answer says of itself: who gave it, and what it has used.
 *
 * @internal
 */
import type { Usage } from "../errors/llmError.js"
import { usageOf } from "../load/usage.js"
import { fieldsOf, isFields } from "../stream/dialect/fields.js"

/** @internal */
export interface Answered {
  readonly usage?: Usage | undefined
  /** The model, as the answer names it. */
  readonly answeredBy?: string | undefined
  /** Milliseconds from the start of the attempt to the first content of its stream. */
  readonly firstContent?: number | undefined
}

/** The name of a model, and nothing else that a provider may have put in its place. */
const isName = (u: unknown): u is string => typeof u === "string" && /^[\w.:/@+-]{1,120}$/.test(u)

/** @internal */
export const modelName = (...values: ReadonlyArray<unknown>): string | undefined => values.find(isName)

/** What a whole answer says, in any of the providers' words. Looking never throws. @internal */
export const answeredIn = (answer: unknown): Answered => {
  try {
    if (!isFields(answer)) return {}
    const { model, modelVersion, response, response_metadata } = answer
    const { model: inner, modelId } = fieldsOf(response)
    const answeredBy = modelName(model, modelVersion, modelId, inner, fieldsOf(response_metadata).model_name)
    const usage = usageOf(answer)
    return { ...(usage !== undefined && { usage }), ...(answeredBy !== undefined && { answeredBy }) }
  } catch {
    return {}
  }
}
