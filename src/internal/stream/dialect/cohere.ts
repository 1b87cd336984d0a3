import type { Reading, StreamDialect } from "./dialect.js"
import { isEnd } from "./ending.js"
import { failed, judged, untaught } from "./failed.js"
import { type Fields, fieldsOf, isFields, textOf } from "./fields.js"
import { malformed, reasoning, textual } from "./readings.js"
import { usageIn } from "./usage.js"

const provider = "cohere"

/** The names are hyphened, where Anthropic's are not. @internal */
export const isCohere = (type: string): boolean =>
  /^(?:message-(?:start|end)|content-(?:start|delta|end)|tool-plan-delta|tool-call-(?:start|delta|end)|citation-(?:start|end))$/.test(
    type
  )

/** @internal */
export const cohere: StreamDialect<unknown> = {
  provider,
  endMarker: true,
  read: (event) => {
    if (!isFields(event)) return malformed
    const message = fieldsOf(fieldsOf(event.delta).message)
    switch (event.type) {
      case "content-start":
      case "content-delta":
        return contentOf(fieldsOf(message.content))
      case "tool-plan-delta":
        return reasoning
      case "tool-call-start":
        return callOf(event.index, fieldsOf(message.toolCalls ?? message.tool_calls))
      case "tool-call-delta":
        return callOf(event.index, {})
      case "message-end":
        return endOf(fieldsOf(event.delta))
      default:
        if (event.type === "error") return failed(provider, event)
        return untaught(provider, event)
    }
  }
}

const contentOf = (block: Fields): Reading => (textOf(block.thinking) === "" ? textual(block.text) : reasoning)

const callOf = (index: unknown, call: Fields): Reading => ({
  kind: "content",
  toolCalls: [{ id: textOf(call.id), name: textOf(fieldsOf(call.function).name), key: String(index) }]
})

/** Cohere's own client renames the fields. */
const endOf = (delta: Fields): Reading => {
  const finish = delta.finishReason ?? delta.finish_reason
  const usage = usageIn(fieldsOf(fieldsOf(delta.usage).tokens))
  const data = { type: "message-end", delta: { finish_reason: finish, error: delta.error } }
  return judged(provider, data, { kind: "metadata", end: isEnd(finish), usage })
}
