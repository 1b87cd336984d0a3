import type { Reading, StreamDialect } from "./dialect.js"
import { isEnd } from "./ending.js"
import { errorOf, judged, strange, untaught } from "./failed.js"
import { type Fields, fieldsOf, isFields, textOf } from "./fields.js"
import { content, reasoning, textual } from "./readings.js"
import { usageIn } from "./usage.js"

/** The parts that only the Vercel AI SDK has. @internal */
export const isAiSdk = (part: Fields, type: string): boolean =>
  /^(?:start|start-step|step-start|finish-step|step-finish|stream-start|tool-input-.*|tool-output-.*|text-start|text-end|reasoning-start|reasoning-end|raw|abort)$/.test(
    type
  ) ||
  (/^(?:text|reasoning)(?:-delta)?$/.test(type) &&
    ("textDelta" in part || ("text" in part && type.endsWith("-delta")))) ||
  (type === "error" && typeof part.errorText === "string") ||
  (type === "finish" && "finishReason" in part) ||
  (type === "tool-call" && "toolCallId" in part)

/** The parts of `fullStream`, of the versions 4 to 6, and of the stream that is sent to a user interface. @internal */
export const aiSdk: StreamDialect<unknown> = {
  endMarker: true,
  read: (part) => {
    if (!isFields(part) || typeof part.type !== "string") return strange(undefined, part)
    switch (part.type) {
      case "text-delta":
        return textual(part.text ?? part.textDelta ?? part.delta)
      case "reasoning":
      case "reasoning-start":
      case "reasoning-delta":
        return reasoning
      case "tool-input-start":
      case "tool-call-streaming-start":
      case "tool-input-available":
      case "tool-input-error":
      case "tool-input-delta":
      case "tool-call-delta":
      case "tool-call":
        return callOf(part)
      case "tool-result":
      case "tool-output-available":
      // A tool that failed is no failure of the answer.
      case "tool-error":
      case "tool-output-error":
      case "source":
      case "source-url":
      case "source-document":
      case "file":
        return content
      case "error":
        return errorOf(part)
      case "finish":
        return endOf(part)
      default:
        return untaught(undefined, part)
    }
  }
}

/** A call is announced by the first piece of its input, and told whole afterwards, under the same id. */
const callOf = (part: Fields): Reading => {
  const id = textOf(part.toolCallId ?? part.id)
  const ours = part.providerExecuted === true ? { providerExecuted: true } : undefined
  return { kind: "content", toolCalls: [{ id, name: textOf(part.toolName), ...ours }] }
}

/**
 * The SDK makes a reason up where a body ended and its provider had given none, and a call of what had come of it. Up to
 * version 5 that is `unknown`, since then an `other` with nothing behind it.
 */
const unsaid = (part: Fields, finish: string): boolean =>
  finish === "unknown" || (finish === "other" && "rawFinishReason" in part && !isEnd(part.rawFinishReason))

const endOf = (part: Fields): Reading => {
  const given = part.finishReason ?? part.reason
  const finish = isFields(given) ? given.unified : given
  return judged(undefined, part, {
    kind: "metadata",
    // The stream to a user interface ends without a reason.
    end: finish === undefined || (isEnd(finish) && !unsaid(part, finish)),
    usage: usageIn(fieldsOf(part.totalUsage ?? part.usage))
  })
}
