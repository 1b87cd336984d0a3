import type { Reading, StreamDialect, ToolCallPiece } from "./dialect.js"
import { isEnd } from "./ending.js"
import { failed, judged, strange } from "./failed.js"
import { arrayOf, type Fields, fieldsOf, isFields, textOf } from "./fields.js"
import { malformed, metadata } from "./readings.js"
import { parsedEvents } from "./sse.js"
import { ofChat } from "./usage.js"

const provider = "openai"

/** @internal */
export const isOpenAiAssistants = (data: Fields): boolean => /^thread(?:\.|$)/.test(textOf(data.object))

/**
 * The events of a run of OpenAI's Assistants API. Their data tells by itself what they are.
 *
 * @internal
 */
export const openAiAssistants: StreamDialect<unknown> = parsedEvents({
  provider,
  endMarker: true,
  read: (data) => {
    if (!isFields(data)) return malformed
    switch (data.object) {
      case "thread.message.delta":
        return messageOf(arrayOf(fieldsOf(data.delta).content))
      case "thread.run.step.delta":
        return stepOf(textOf(data.id), arrayOf(fieldsOf(fieldsOf(data.delta).step_details).tool_calls))
      case "thread.message":
        return data.status === "incomplete" ? judged(provider, incomplete(data), metadata) : metadata
      case "thread.run":
        return runOf(data)
      default:
        return isOpenAiAssistants(data) ? metadata : strange(provider, data)
    }
  }
})

const messageOf = (parts: ReadonlyArray<unknown>): Reading => {
  let text = ""
  let refusal = ""
  let more = false
  for (const each of parts) {
    const part = fieldsOf(each)
    if (part.type === "text") text += textOf(fieldsOf(part.text).value)
    else if (part.type === "refusal") refusal += textOf(part.refusal)
    else more = true
  }
  const reading: Reading = {
    kind: text !== "" || refusal !== "" || more ? "content" : "metadata",
    ...(text !== "" && { text })
  }
  return refusal === "" ? reading : judged(provider, { type: "response.refusal.delta", delta: refusal }, reading)
}

const stepOf = (step: string, calls: ReadonlyArray<unknown>): Reading =>
  calls.length === 0 ? metadata : { kind: "content", toolCalls: calls.map((call, place) => callOf(step, call, place)) }

/** A call is its index within its step. Functions are the application's own; what else there is runs at OpenAI. */
const callOf = (step: string, u: unknown, place: number): ToolCallPiece => {
  const { function: called, id, index, type } = fieldsOf(u)
  return {
    id: textOf(id),
    name: textOf(fieldsOf(called).name),
    key: `${step}:${typeof index === "number" ? index : place}`,
    ...(type !== "function" && { providerExecuted: true })
  }
}

const runOf = (run: Fields): Reading => {
  const reading: Reading = {
    kind: "metadata",
    end: true,
    usage: ofChat(fieldsOf(run.usage))
  }
  switch (run.status) {
    case "completed":
      return reading
    case "requires_action":
      // The calls it waits for are an answer, even where no piece of them has come before.
      return { ...reading, kind: "content" }
    case "incomplete":
      return judged(provider, incomplete(run), reading)
    case "failed":
      return failed(provider, isFields(run.last_error) ? { error: run.last_error } : { error: run })
    case "cancelled":
    case "expired":
      return failed(provider, {
        error: { message: `The run has ${run.status === "expired" ? "expired" : "been cancelled"}` }
      })
    default:
      return metadata
  }
}

/** In the words of the Responses API, which the classifier knows. */
const incomplete = (ended: Fields): Fields => {
  const { reason } = fieldsOf(ended.incomplete_details)
  return { type: "response.incomplete", response: { incomplete_details: { reason: isEnd(reason) ? reason : "" } } }
}
