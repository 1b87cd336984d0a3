import type { Reading, StreamDialect } from "./dialect.js"
import { isEnd } from "./ending.js"
import { failed, judged, strange } from "./failed.js"
import { type Fields, fieldsOf, isFields, textOf } from "./fields.js"
import { malformed, metadata, reasoning, textual } from "./readings.js"
import { ofBedrock } from "./usage.js"

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
    if (isFields(event.contentBlockDelta)) return deltaOf(event.contentBlockDelta)
    if (isFields(event.contentBlockStart)) return startOf(event.contentBlockStart)
    if (isFields(event.messageStop)) {
      return judged(provider, event, { kind: "metadata", end: isEnd(event.messageStop.stopReason) })
    }
    if (isFields(event.metadata)) return { kind: "metadata", usage: ofBedrock(fieldsOf(event.metadata.usage)) }
    if (isFields(event.messageStart) || isFields(event.contentBlockStop)) return metadata
    for (const key in event) if (key.endsWith("Exception")) return failed(provider, event)
    // The SDK's own wrapper for what it does not know.
    return "$unknown" in event ? metadata : strange(provider, event)
  }
}

const deltaOf = ({ contentBlockIndex, delta: given }: Fields): Reading => {
  const delta = fieldsOf(given)
  if (typeof delta.text === "string") return textual(delta.text)
  if (isFields(delta.toolUse)) return callOf(contentBlockIndex, {})
  return isFields(delta.reasoningContent) ? reasoning : metadata
}

const startOf = ({ contentBlockIndex, start }: Fields): Reading => {
  const { toolUse } = fieldsOf(start)
  return isFields(toolUse) ? callOf(contentBlockIndex, toolUse) : metadata
}

const callOf = (index: unknown, { name, toolUseId, type }: Fields): Reading => ({
  kind: "content",
  toolCalls: [
    {
      id: textOf(toolUseId),
      name: textOf(name),
      key: String(index),
      ...(type === "server_tool_use" && { providerExecuted: true })
    }
  ]
})
