import type { ToolCall } from "../../errors/llmError.js"
import type { Reading, StreamDialect } from "./dialect.js"
import { isEnd } from "./ending.js"
import { failed, judged, strange } from "./failed.js"
import { arrayOf, type Fields, fieldsOf, isFields, textOf } from "./fields.js"
import { malformed, modelOf } from "./readings.js"
import { ofGemini } from "./usage.js"

const provider = "gemini"

/** @internal */
export const gemini: StreamDialect<unknown> = {
  provider,
  endMarker: true,
  read: (response) => {
    if (!isFields(response)) return malformed
    if (response.error) return failed(provider, response)
    const usage = isFields(response.usageMetadata) ? ofGemini(response.usageMetadata) : undefined
    const candidates = arrayOf(response.candidates)
    const blocked = isFields(response.promptFeedback)
    // The last response may carry nothing but usage; one without anything is not Gemini's.
    if (candidates.length === 0 && usage === undefined && !blocked) return strange(provider, response)
    const reading = readCandidate(fieldsOf(candidates[0]))
    const known = usage === undefined ? reading : { ...reading, usage, ...modelOf(response.modelVersion) }
    return blocked || reading.end === true ? judged(provider, response, known) : known
  }
}

const readCandidate = (candidate: Fields): Reading => {
  const { finishReason: finish } = candidate
  let text = ""
  let thought = false
  let isContent = false
  const toolCalls: Array<ToolCall> = []
  for (const each of arrayOf(fieldsOf(candidate.content).parts)) {
    const part = fieldsOf(each)
    if (part.thought === true) thought = true
    else if (typeof part.text === "string") text += part.text
    else if (isFields(part.functionCall)) toolCalls.push(callOf(part.functionCall))
    else if (Object.keys(part).length > 0) isContent = true
  }
  return {
    kind: isContent || text !== "" || toolCalls.length > 0 ? "content" : thought ? "reasoning" : "metadata",
    end: isEnd(finish) && finish !== "FINISH_REASON_UNSPECIFIED",
    ...(text !== "" && { text }),
    ...(toolCalls.length > 0 && { toolCalls })
  }
}

/** Gemini often gives its calls no id, and never two of one name that could not be told apart by order. */
const callOf = (call: Fields): ToolCall => ({ id: textOf(call.id), name: textOf(call.name) })
