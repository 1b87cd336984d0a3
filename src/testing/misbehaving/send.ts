/**
 * How an answer goes out: in pieces, at a pace, and cut where the step wants it.
 */
import { Buffer } from "node:buffer"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import { answerType, type Call, head } from "./Call.js"
import * as Reply from "./Reply.js"
import type { Step } from "./Step.js"
import type { Frame } from "./Wire.js"

/** What the steps that send an answer have in common. */
type Sending = Omit<Extract<Step, { readonly _tag: "Answer" }>, "_tag">

/** The pieces of the answer: the events of a stream, or the parts of one JSON text. */
const piecesOf = ({ request, wire }: Call, answer: Reply.Answer): ReadonlyArray<Frame> => {
  if (request.streaming) return wire.stream(answer)
  const json = JSON.stringify(wire.plain(answer))
  const parts = Reply.fragments(json, Math.max(1, Math.ceil(json.length / 16)))
  return parts.map((text, i) => ({ role: i === parts.length - 1 ? "end" : "content", text }))
}

/** @internal */
export const send = (
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

/** @internal */
export const encoded = ({ request, wire }: Call, text: string): Buffer =>
  Buffer.from(text, request.streaming ? wire.streamEncoding : "utf8")

interface Write {
  readonly bytes: Uint8Array
  readonly content: "none" | "first" | "further"
}

const paced = ({ exchange, pause }: Call, step: Sending, { bytes, content }: Write): Effect.Effect<void> => {
  const wait = content === "first" ? step.firstToken : content === "further" ? step.betweenChunks : undefined
  return wait === undefined ? exchange.write(bytes) : Effect.andThen(pause(wait), exchange.write(bytes))
}

const cutUp = (call: Call, step: Sending, pieces: ReadonlyArray<Frame>): Effect.Effect<ReadonlyArray<Write>> => {
  const first = pieces.findIndex((piece) => piece.role === "content")
  const writes = pieces.map(
    ({ role, text }, i): Write => ({
      bytes: encoded(call, text),
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

/** Everything before content piece `count` (from 0); of a shorter answer everything but the end. @internal */
export const upTo = (pieces: ReadonlyArray<Frame>, count: number): ReadonlyArray<Frame> => {
  let content = 0
  const cut = pieces.findIndex((piece) => (piece.role === "content" ? content++ === count : isLast(piece)))
  return cut === -1 ? pieces : pieces.slice(0, cut)
}

const isLast = (piece: Frame): boolean => piece.role === "finish" || piece.role === "end"

/** @internal */
export const insert = (pieces: ReadonlyArray<Frame>, at: number, piece: Frame): ReadonlyArray<Frame> => {
  const before = upTo(pieces, at)
  return [...before, piece, ...pieces.slice(before.length)]
}
