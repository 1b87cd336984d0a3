/**
 * The body of one attempt, as pieces that the policies can tell apart: content, its end, a failure.
 *
 * @internal
 */
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { LlmError } from "../../LlmError.js"
import type { Reading, StreamDialect } from "../../StreamDialect.js"
import { type ElementReader, elementReader, framingOf } from "./elements.js"
import { type Asks, judge } from "./judge.js"
import type { Head, Seen } from "./seen.js"

/** A chunk as it came, and what it says. @internal */
export interface Piece {
  readonly bytes: Uint8Array
  readonly reading: Reading
}

/** @internal */
export interface AnswerReader {
  /** Whether the end of the body alone is no end of the answer. */
  readonly endMarker: boolean
  readonly read: <E, R>(chunks: Stream.Stream<Uint8Array, E, R>) => Stream.Stream<Piece, E | LlmError, R>
}

const none = new Uint8Array(0)

/** @internal */
export const answerReader = (asked: Asks, target: string, seen: Seen, preambleBytes: number): AnswerReader => {
  const dialect = asked.api.stream as StreamDialect<unknown>
  let elements: ElementReader | undefined
  let begun = false
  let held = 0

  const take = (bytes: Uint8Array): Option.Option<Piece> => {
    if (!begun) elements = streamed(seen.headOf, dialect)
    begun = true
    seen.chunks.push(bytes)
    if (elements === undefined) return Option.none()
    held += bytes.length
    const reading = elements.feed(bytes)
    if (reading.error !== undefined) seen.failing ??= bytes
    // A preamble for which there is no room is handed on, and commits the stream.
    const full = held > preambleBytes && reading.kind !== "malformed"
    return Option.some({ bytes, reading: full ? { ...reading, kind: "content" } : reading })
  }

  const rest = (): Stream.Stream<Piece, LlmError> => {
    if (elements !== undefined) return Stream.make({ bytes: none, reading: elements.end() })
    // A failure, or an answer that came whole though a stream was asked for.
    const { bytes } = seen
    seen.whole = true
    const failure = judge(asked, target, seen.headOf, bytes)
    return Option.isSome(failure)
      ? Stream.fail(failure.value)
      : Stream.make<[Piece]>({ bytes, reading: { kind: "content", end: true } })
  }

  return {
    get endMarker() {
      return elements !== undefined && dialect.endMarker
    },
    read: (chunks) => Stream.concat(Stream.filterMap(chunks, take), Stream.suspend(rest))
  }
}

const streamed = (head: Head, dialect: StreamDialect<unknown>): ElementReader | undefined => {
  const framing = framingOf(head.headers.get("content-type"))
  return framing === undefined || head.status < 200 || head.status > 299 ? undefined : elementReader(framing, dialect)
}
