/**
 * The body of one attempt, as pieces that the policies can tell apart: content, its end, a failure.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { LlmError } from "../../LlmError.js"
import type { Reading, StreamDialect } from "../../StreamDialect.js"
import { type ElementReader, elementReader, framingOf } from "./elements.js"
import { type Asks, judge } from "./judge.js"
import type { Head, Seen } from "./seen.js"

/** A chunk as it came, what it says, and of which attempt it is. @internal */
export interface Piece {
  readonly bytes: Uint8Array
  readonly reading: Reading
  readonly seen: Seen
}

const none = new Uint8Array(0)

/** @internal */
export class AnswerReader {
  private elements: ElementReader | undefined
  private begun = false
  private held = 0
  private committed = false

  constructor(
    private readonly asked: Asks,
    private readonly seen: Seen,
    private readonly preambleBytes: number
  ) {}

  /** Whether the end of the body alone is no end of the answer. */
  get endMarker(): boolean {
    return this.elements !== undefined && this.dialect.endMarker
  }

  private get dialect(): StreamDialect<unknown> {
    return this.asked.api.stream as StreamDialect<unknown>
  }

  /** What a chunk says, or nothing where the body is one thing that has to be whole. */
  take(bytes: Uint8Array): Piece | undefined {
    const { seen } = this
    if (!this.begun) this.elements = streamed(seen.headOf, this.dialect)
    this.begun = true
    seen.keep(bytes)
    if (this.elements === undefined) return undefined
    const reading = this.elements.feed(bytes)
    if (reading.error !== undefined) seen.failing ??= bytes
    return { bytes, reading: this.committed ? reading : this.preamble(reading, bytes.length), seen }
  }

  /** A preamble for which there is no room is handed on, and commits the stream. */
  private preamble(reading: Reading, size: number): Reading {
    this.held += size
    const full = this.held > this.preambleBytes && reading.kind !== "malformed"
    this.committed = full || reading.kind === "content"
    return full ? { ...reading, kind: "content" } : reading
  }

  /** The body is over. */
  end(): Effect.Effect<Piece, LlmError> {
    const { asked, elements, seen } = this
    if (elements !== undefined) return Effect.succeed({ bytes: none, reading: elements.end(), seen })
    // A failure, or an answer that came whole though a stream was asked for.
    const { bytes, target } = seen
    seen.whole = true
    const failure = judge(asked, target, seen)
    if (Option.isSome(failure)) return Effect.fail(failure.value)
    const { usage } = seen
    return Effect.succeed({ bytes, reading: { kind: "content", end: true, ...(usage && { usage }) }, seen })
  }
}

const streamed = (head: Head, dialect: StreamDialect<unknown>): ElementReader | undefined => {
  const framing = framingOf(head.headers.get("content-type"))
  return framing === undefined || head.status < 200 || head.status > 299 ? undefined : elementReader(framing, dialect)
}
