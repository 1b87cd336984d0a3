/**
 * How each step of the script language looks on the wire.
 */
import { Buffer } from "node:buffer"
import * as Effect from "effect/Effect"
import { answerType, type Call, head, whole } from "./Call.js"
import { complain } from "./complain.js"
import { onTheWire } from "./onTheWire.js"
import * as Problem from "./Problem.js"
import * as Reply from "./Reply.js"
import type { Step } from "./Step.js"
import { encoded, insert, send, upTo } from "./send.js"
import { bodyOf, type Frame, listOf } from "./Wire.js"

type Of<Tag extends Step["_tag"]> = Extract<Step, { readonly _tag: Tag }>

/** @internal */
export const perform = (call: Call, step: Step): Effect.Effect<void> => {
  const acted = Effect.suspend(() => act(call, step))
  return "delay" in step && step.delay !== undefined ? Effect.andThen(call.pause(step.delay), acted) : acted
}

const act = (call: Call, step: Step): Effect.Effect<void> => {
  const { exchange } = call
  switch (step._tag) {
    case "Answer":
      return send(call, step, all)
    case "Status":
      return step.body === undefined && step.status >= 400
        ? complain(call, step, Problem.ofStatus(step.status), { status: step.status })
        : whole(call, step, step.status, step.body ?? "")
    case "RateLimited":
      return complain(call, step, "rateLimited", { retryAfter: step.retryAfter })
    case "Overloaded":
      return complain(call, step, "overloaded", { status: step.status, retryAfter: step.retryAfter })
    case "ServerError":
      return complain(call, step, "serverError", { status: step.status })
    case "QuotaExhausted":
      return complain(call, step, "quotaExhausted", {})
    case "ContextLengthExceeded":
      return complain(call, step, "contextLengthExceeded", { limit: step.limit, requested: step.requested })
    case "ContentFiltered":
      return filtered(call, step)
    case "PrefillRejected":
      return endsWithAssistant(call.request.body)
        ? complain(call, step, "invalidRequest", { message: noPrefill })
        : send(call, step, all)
    case "InvalidKey":
      return complain(call, step, "invalidKey", {})
    case "ModelNotFound":
      return complain(call, step, "modelNotFound", {})
    case "ProxyPage":
      return whole(call, step, step.status ?? 502, proxyPage(step.status ?? 502), "text/html")
    case "Reset":
      return exchange.reset
    case "Close":
      return exchange.close
    case "Stall":
      return Effect.never
    case "StallAfterHeaders":
      return Effect.andThen(head(call, step, 200, answerType(call)), Effect.never)
    case "StallAfterContent":
      return send(call, step, (pieces) => upTo(pieces, step.after), Effect.never)
    case "KeepAlivesOnly":
      return keepAlives(call, step)
    case "CutBody": {
      const ending = { close: exchange.close, reset: exchange.reset, end: exchange.end }[step.by ?? "close"]
      return send(call, step, (pieces) => upTo(pieces, step.after), ending)
    }
    case "MalformedEvent":
      return send(call, step, (pieces) => insert(pieces, step.at, { role: "content", text: malformed(call) }))
    case "OmitEndMarker":
      return send(call, step, (pieces) => withoutEnd(call, pieces, step.keepFinishReason === true))
    case "ErrorInStream":
      return errorInStream(call, step)
    case "ErrorBodyIn200":
      return complain(call, step, step.problem ?? "serverError", { status: 200 })
    case "EmptyBody":
      return head(call, step, 200, answerType(call), { "content-length": "0" }).pipe(Effect.andThen(exchange.end))
    case "TruncatedBody":
      return send(call, step, (pieces) => cutHalfway(pieces))
    case "WrongContentType":
      return send(call, step, all, exchange.end, step.contentType ?? "text/html")
    case "Noise":
      return noise(call, step)
    case "Fail":
      return act(call, onTheWire(step))
  }
}

const all = (pieces: ReadonlyArray<Frame>): ReadonlyArray<Frame> => pieces

const noPrefill =
  "This model does not support assistant message prefill. The conversation must end with a user message."

/** The last of what was said so far is the assistant's, whatever the dialect calls it. */
const endsWithAssistant = (body: unknown): boolean => {
  const { contents, input, messages } = bodyOf(body)
  const last = listOf(messages ?? input ?? contents).at(-1)
  return last?.role === "assistant" || last?.role === "model"
}

const malformed = ({ request, wire }: Call): string =>
  !request.streaming ? '"}{' : (wire.malformed ?? 'data: {"choices": [{"delta": \n\n')

const withoutEnd = (call: Call, pieces: ReadonlyArray<Frame>, keepFinishReason: boolean): ReadonlyArray<Frame> =>
  pieces.filter(
    (piece) => piece.role !== "end" && (piece.role !== "finish" || (keepFinishReason && call.request.streaming))
  )

const cutHalfway = (pieces: ReadonlyArray<Frame>): ReadonlyArray<Frame> => {
  const text = pieces.map((piece) => piece.text).join("")
  return [{ role: "content", text: text.slice(0, Math.floor(text.length / 2)) }]
}

const errorInStream = (call: Call, step: Of<"ErrorInStream">): Effect.Effect<void> => {
  const problem = step.problem ?? "overloaded"
  if (!call.request.streaming) return complain(call, step, problem, { status: 200 })
  const answer = Reply.complete(step.reply ?? call.reply(), call.request, call.index, call.created)
  return send(call, step, (pieces) => {
    const before = upTo(pieces, step.after)
    const text = call.wire.problemInStream(problem, {
      model: call.request.model,
      requestId: call.requestId,
      sent: before.length,
      answer,
      envelope: step.envelope ?? "flat"
    })
    return [...before, { role: "end", text }]
  })
}

const filtered = (call: Call, step: Of<"ContentFiltered">): Effect.Effect<void> => {
  switch (step.by ?? "prompt") {
    case "prompt":
      return complain(call, step, "contentFiltered", {})
    case "completion":
      return send(call, { ...step, reply: { text: "Before I go on, ", ...step.reply, finish: "contentFilter" } }, all)
    case "refusal":
      return send(call, { ...step, reply: { refusal: "I can't help with that.", ...step.reply } }, all)
  }
}

const keepAlives = (call: Call, step: Of<"KeepAlivesOnly">): Effect.Effect<void> => {
  const keepAlive = call.request.streaming ? encoded(call, call.wire.keepAlive) : Buffer.from("\n")
  const one = Effect.andThen(Effect.sleep(step.every ?? "1 second"), call.exchange.write(keepAlive))
  return head(call, step, 200, answerType(call)).pipe(
    Effect.andThen(step.times === undefined ? Effect.forever(one) : Effect.repeatN(one, step.times - 1)),
    Effect.andThen(call.exchange.end)
  )
}

const noise = (call: Call, step: Of<"Noise">): Effect.Effect<void> => {
  const line = Buffer.from(`${"upstream noise ".repeat(1_000)}\n`)
  const bytes = step.bytes ?? 10_000_000
  return head(call, step, step.status ?? 500, "text/plain", { "content-length": String(bytes) }).pipe(
    Effect.andThen(
      Effect.iterate(bytes, {
        while: (left) => left > 0,
        body: (left) =>
          Effect.as(call.exchange.write(line.subarray(0, Math.min(left, line.length))), left - line.length)
      })
    ),
    Effect.andThen(call.exchange.end)
  )
}

const proxyPage = (status: number): string => {
  const title = `${status} ${status === 504 ? "Gateway Time-out" : "Bad Gateway"}`
  return (
    `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n` +
    "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
  )
}
