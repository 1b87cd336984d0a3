import type { Reading, StreamDialect } from "../../../StreamDialect.js"
import { isEnd } from "./ending.js"
import { failed, judged } from "./failed.js"
import {
  content,
  type Fields,
  fieldsOf,
  isFields,
  malformed,
  metadata,
  numbers,
  reasoning,
  textOf,
  textual
} from "./shape.js"

const provider = "bedrock"

/** Every event is an object with one key, its kind; a failure's kind ends in `Exception`. */
const kinds = /^(?:message(?:Start|Stop)|contentBlock(?:Start|Delta|Stop)|metadata|\w+Exception)$/

/** @internal */
export const isBedrock = (event: object): boolean =>
  Object.keys(event)
    .slice(0, 3)
    .some((key) => kinds.test(key))

/** @internal */
export const bedrock: StreamDialect<unknown> = {
  provider,
  endMarker: true,
  read: (event) => {
    if (!isFields(event)) return malformed
    if (isFields(event.contentBlockDelta)) return deltaOf(fieldsOf(event.contentBlockDelta.delta))
    if (isFields(event.contentBlockStart)) return startOf(event.contentBlockStart)
    if (isFields(event.messageStop)) {
      return judged(provider, event, { kind: "metadata", end: isEnd(event.messageStop.stopReason) })
    }
    if (isFields(event.metadata)) return { kind: "metadata", usage: usageOf(fieldsOf(event.metadata.usage)) }
    if (isFields(event.messageStart) || isFields(event.contentBlockStop)) return metadata
    for (const key in event) if (key.endsWith("Exception")) return failed(provider, event)
    if (event.error) return failed(provider, event)
    // The SDK's own wrapper for what it does not know.
    return "$unknown" in event ? metadata : malformed
  }
}

const deltaOf = (delta: Fields): Reading => {
  if (typeof delta.text === "string") return textual(delta.text)
  if (isFields(delta.toolUse)) return content
  return isFields(delta.reasoningContent) ? reasoning : metadata
}

const startOf = ({ contentBlockIndex, start }: Fields): Reading => {
  const { toolUse } = fieldsOf(start)
  if (!isFields(toolUse)) return metadata
  const call = { id: textOf(toolUse.toolUseId), name: textOf(toolUse.name), key: String(contentBlockIndex) }
  return { kind: "content", toolCalls: [call] }
}

const usageOf = (u: Fields) =>
  numbers({ inputTokens: u.inputTokens, outputTokens: u.outputTokens, cachedInputTokens: u.cacheReadInputTokens })
