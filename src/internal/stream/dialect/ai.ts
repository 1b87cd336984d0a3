import * as Redacted from "effect/Redacted"
import { ServerError } from "../../errors/llmError.js"
import type { Reading, StreamDialect } from "./dialect.js"
import { isEnd } from "./ending.js"
import { errorOf, judged, strange, untaught } from "./failed.js"
import { type Fields, fieldsOf, isFields, textOf } from "./fields.js"
import { content, metadata, reasoning, textual } from "./readings.js"
import { ofFinish } from "./usage.js"

/**
 * By shape, so that the core does not need `@effect/ai`.
 *
 * @internal
 */
export const ai: StreamDialect<unknown> = {
  endMarker: true,
  read: (part) => {
    if (!isFields(part) || typeof part.type !== "string") return strange(undefined, part)
    switch (part.type) {
      case "text-delta":
        return textual(part.delta)
      case "text":
        // `@effect/ai-openai` puts a refusal beside an empty text.
        return part.text === "" ? judged(undefined, part, metadata) : textual(part.text)
      case "reasoning-start":
      case "reasoning-delta":
      case "reasoning":
        return reasoning
      case "tool-params-start":
      case "tool-params-delta":
      case "tool-call":
        return callOf(part)
      case "tool-params-end":
      case "tool-result":
      case "file":
      case "source":
        return content
      case "error":
        return errorOf(part)
      case "finish":
        return finished(part)
      default:
        return untaught(undefined, part)
    }
  }
}

const callOf = ({ id, name, providerExecuted }: Fields): Reading => ({
  kind: "content",
  toolCalls: [{ id: textOf(id), name: textOf(name), ...(providerExecuted === true && { providerExecuted }) }]
})

const finished = (part: Fields): Reading => {
  const usage = ofFinish(part)
  if (isFailedResponse(part)) {
    return {
      kind: "metadata",
      error: new ServerError({
        provider: "openai",
        code: "response.failed",
        message: "The provider ended the answer as failed",
        cause: Redacted.make(part)
      })
    }
  }
  if (isOrdinary(part)) return { kind: "metadata", end: true, usage }
  return judged(undefined, part, { kind: "metadata", end: part.reason === undefined || isEnd(part.reason), usage })
}

/** How nearly all answers end. Looking for a failure in every format would cost more than the rest of the answer. */
const isOrdinary = (part: Fields): boolean =>
  (part.reason === "stop" || part.reason === "tool-calls" || part.reason === "length") &&
  part.error === undefined &&
  (part.metadata === undefined || fieldsOf(fieldsOf(part.metadata).openai).refusal === undefined)

/**
 * `@effect/ai-openai` makes the same part of a failed response as of a completed one. Only a failed one has no usage,
 * which that layer turns into a total of exactly 0.
 */
const isFailedResponse = (part: Fields): boolean => {
  const { inputTokens, outputTokens, totalTokens } = fieldsOf(part.usage)
  return (
    totalTokens === 0 &&
    inputTokens === undefined &&
    outputTokens === undefined &&
    isFields(fieldsOf(part.metadata).openai)
  )
}
