/**
 * How each step of the script language looks on the wire.
 */
import { Buffer } from "node:buffer"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type { Exchange } from "./Exchange.js"
import * as Problem from "./Problem.js"
import * as Reply from "./Reply.js"
import type { Step } from "./Step.js"
import type { Frame, Wire } from "./Wire.js"

/** Everything a step needs to know about the call it is for. @internal */
export interface Call {
  readonly exchange: Exchange
  readonly wire: Wire
  readonly request: Reply.ProviderRequest
  readonly index: number
  readonly requestId: string
  /** In seconds, as the providers give it. */
  readonly created: number
  readonly reply: () => Reply.Reply
  /** Where the chance for cuts anywhere comes from. */
  readonly seed: string | number
}

type Of<Tag extends Step["_tag"]> = Extract<Step, { readonly _tag: Tag }>

/** What the steps that send an answer have in common. */
type Sending = Omit<Of<"Answer">, "_tag">

/** @internal */
export const perform = (call: Call, step: Step): Effect.Effect<void> => {
  const acted = Effect.suspend(() => act(call, step))
  return "delay" in step && step.delay !== undefined ? Effect.andThen(Effect.sleep(step.delay), acted) : acted
}

const act = (call: Call, step: Step): Effect.Effect<void> => {
  const { exchange } = call
  switch (step._tag) {
    case "Answer":
      return send(call, step, (pieces) => pieces)
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
      return send(call, step, (pieces) => pieces, exchange.end, step.contentType ?? "text/html")
    case "Noise":
      return noise(call, step)
  }
}

interface Heading {
  readonly headers?: Readonly<Record<string, string>> | undefined
}

const answerType = (call: Call): string =>
  call.request.streaming ? "text/event-stream; charset=utf-8" : "application/json"

const head = (
  { exchange, requestId, wire }: Call,
  step: Heading,
  status: number,
  contentType: string,
  more: Readonly<Record<string, string>> = {}
): Effect.Effect<void> =>
  exchange.writeHead(status, {
    "content-type": contentType,
    [wire.requestIdHeader]: requestId,
    ...more,
    ...lowerCase(step.headers ?? {})
  })

const lowerCase = (headers: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))

/** A body in one go. */
const whole = (
  call: Call,
  step: Heading,
  status: number,
  body: unknown,
  contentType?: string,
  more: Readonly<Record<string, string>> = {}
): Effect.Effect<void> => {
  const bytes = Buffer.from(typeof body === "string" ? body : JSON.stringify(body))
  const type = contentType ?? (typeof body === "string" ? "text/plain" : "application/json")
  // These two have no body, and say nothing about its length.
  if (status === 204 || status === 304) return Effect.andThen(head(call, step, status, type, more), call.exchange.end)
  return head(call, step, status, type, { "content-length": String(bytes.length), ...more }).pipe(
    Effect.andThen(call.exchange.write(bytes)),
    Effect.andThen(call.exchange.end)
  )
}

interface Complaining {
  readonly status?: number | undefined
  readonly retryAfter?: Duration.DurationInput | undefined
  readonly limit?: number | undefined
  readonly requested?: number | undefined
}

/** The dialect's error envelope. */
const complain = (call: Call, step: Heading, problem: Problem.Problem, about: Complaining): Effect.Effect<void> => {
  const seconds = about.retryAfter === undefined ? undefined : Duration.toSeconds(about.retryAfter)
  const { body, status } = call.wire.problem(problem, {
    model: call.request.model,
    requestId: call.requestId,
    retryAfterSeconds: seconds,
    limit: about.limit,
    requested: about.requested
  })
  return whole(call, step, about.status ?? status, body, "application/json", hint(seconds))
}

const hint = (seconds: number | undefined): Readonly<Record<string, string>> =>
  seconds === undefined
    ? {}
    : {
        "retry-after": String(Math.ceil(seconds)),
        ...(!Number.isInteger(seconds) && { "retry-after-ms": String(Math.round(seconds * 1000)) })
      }

/** The pieces of the answer: the events of a stream, or the parts of one JSON text. */
const piecesOf = ({ request, wire }: Call, answer: Reply.Answer): ReadonlyArray<Frame> => {
  if (request.streaming) return wire.stream(answer)
  const json = JSON.stringify(wire.plain(answer))
  const parts = Reply.fragments(json, Math.max(1, Math.ceil(json.length / 16)))
  return parts.map((text, i) => ({ role: i === parts.length - 1 ? "end" : "content", text }))
}

const send = (
  call: Call,
  step: Sending,
  change: (pieces: ReadonlyArray<Frame>) => ReadonlyArray<Frame>,
  ending: Effect.Effect<void> = call.exchange.end,
  contentType: string = answerType(call)
): Effect.Effect<void> => {
  const answer = Reply.complete(step.reply ?? call.reply(), call.request, call.index, call.created)
  return head(call, step, 200, contentType, call.request.streaming ? { "cache-control": "no-cache" } : {}).pipe(
    Effect.andThen(cutUp(call, step, change(piecesOf(call, answer)))),
    Effect.flatMap((writes) => Effect.forEach(writes, (write) => paced(call, step, write), { discard: true })),
    Effect.andThen(ending)
  )
}

interface Write {
  readonly bytes: Uint8Array
  readonly content: "none" | "first" | "further"
}

const paced = ({ exchange }: Call, step: Sending, { bytes, content }: Write): Effect.Effect<void> => {
  const wait = content === "first" ? step.firstToken : content === "further" ? step.betweenChunks : undefined
  return wait === undefined ? exchange.write(bytes) : Effect.andThen(Effect.sleep(wait), exchange.write(bytes))
}

const cutUp = (call: Call, step: Sending, pieces: ReadonlyArray<Frame>): Effect.Effect<ReadonlyArray<Write>> => {
  const first = pieces.findIndex((piece) => piece.role === "content")
  const writes = pieces.map(
    ({ role, text }, i): Write => ({
      bytes: Buffer.from(text),
      content: i === first ? "first" : role === "content" ? "further" : "none"
    })
  )
  return step.boundaries === "anywhere" ? scatter(writes, `${call.seed}/${call.index}`) : Effect.succeed(writes)
}

/** The same bytes in writes of 1 to 24 bytes that pay no regard to events or characters. */
const scatter = (writes: ReadonlyArray<Write>, seed: string): Effect.Effect<ReadonlyArray<Write>> => {
  const random = Random.make(seed)
  return Effect.gen(function* () {
    const all = Buffer.concat(writes.map((write) => write.bytes))
    const scattered: Array<Write> = []
    for (let at = 0; at < all.length; ) {
      const size = yield* random.nextIntBetween(1, 25)
      scattered.push({ bytes: all.subarray(at, at + size), content: at === 0 ? "first" : "further" })
      at += size
    }
    return scattered
  })
}

/** Everything before content piece `count` (from 0); of a shorter answer everything but the end. */
const upTo = (pieces: ReadonlyArray<Frame>, count: number): ReadonlyArray<Frame> => {
  let content = 0
  const cut = pieces.findIndex((piece) => (piece.role === "content" ? content++ === count : isLast(piece)))
  return cut === -1 ? pieces : pieces.slice(0, cut)
}

const isLast = (piece: Frame): boolean => piece.role === "finish" || piece.role === "end"

const insert = (pieces: ReadonlyArray<Frame>, at: number, piece: Frame): ReadonlyArray<Frame> => {
  const before = upTo(pieces, at)
  return [...before, piece, ...pieces.slice(before.length)]
}

const malformed = ({ request }: Call): string => (request.streaming ? 'data: {"choices": [{"delta": \n\n' : '"}{')

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
      return send(
        { ...call, reply: () => ({ text: "Before I go on, ", finish: "contentFilter" }) },
        step,
        (pieces) => pieces
      )
    case "refusal":
      return send({ ...call, reply: () => ({ refusal: "I can't help with that." }) }, step, (pieces) => pieces)
  }
}

const keepAlives = (call: Call, step: Of<"KeepAlivesOnly">): Effect.Effect<void> => {
  const keepAlive = Buffer.from(call.request.streaming ? call.wire.keepAlive : "\n")
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
