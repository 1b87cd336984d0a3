/**
 * What the wire has shown of one attempt, so that a client is told of the last one byte for byte.
 *
 * @internal
 */

import type { Usage } from "../../internal/errors/llmError.js"
import { usageOf } from "../../internal/load/usage.js"
import type { AskNext } from "../../internal/stream/reader.js"
import { answeredIn } from "../../internal/telemetry/answered.js"
import type { Piece } from "./answerReader.js"

/** @internal */
export interface Head {
  readonly url: string
  readonly status: number
  readonly statusText: string
  readonly headers: HeadersSeen
  /** As `fetch` tells of it, where that has sent the request. */
  readonly redirected?: boolean
  readonly type?: ResponseType
}

/** What is asked of the headers of a response; the standard's `Headers` are such. @internal */
export interface HeadersSeen extends Iterable<[name: string, value: string]> {
  readonly get: (name: string) => string | null
}

/** @internal */
export class Seen {
  head: Head | undefined
  private parsed: { readonly body: unknown } | undefined

  constructor(
    /** Whose attempt it is. */
    readonly target = ""
  ) {}

  /** What has come of the body and was not handed on. */
  chunks: Array<Uint8Array> = []
  private handed = false
  /** How its next pieces are asked for without a fiber. */
  ask: AskNext<Piece> | undefined
  /** All of a body that is one thing, an answer or the word of a failure, and no stream of elements. */
  whole = false
  /** The chunk in which the provider says that its answer has failed. */
  failing: Uint8Array | undefined
  /** What the client's own way of sending has thrown. */
  thrown: { readonly error: unknown } | undefined

  keep(bytes: Uint8Array): void {
    if (!this.handed) this.chunks.push(bytes)
  }

  /** What was held back for the sake of another attempt is the reader's now, and so is what still comes. */
  handOver(): void {
    this.handed = true
    this.chunks = []
  }

  /** The head, where a body has come. */
  get headOf(): Head {
    return this.head as Head
  }

  readonly throws = <E>(error: E): E => {
    this.thrown = { error }
    return error
  }

  get bytes(): Uint8Array {
    return joined(this.chunks)
  }

  /** A whole body, read as JSON, or nothing where it is none. It is parsed once, and only if somebody asks. */
  get body(): unknown {
    this.parsed ??= { body: json(this.bytes) }
    return this.parsed.body
  }

  /** These two are what limits and reports look for in any answer. */
  get usage(): Usage | undefined {
    return this.whole ? usageOf(this.body) : undefined
  }

  get model(): string | undefined {
    return this.whole ? answeredIn(this.body).answeredBy : undefined
  }
}

const decoder = new TextDecoder()

const json = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(decoder.decode(bytes))
  } catch {
    return undefined
  }
}

const joined = (chunks: ReadonlyArray<Uint8Array>): Uint8Array => {
  if (chunks.length === 1) return chunks[0] as Uint8Array
  const all = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.length, 0))
  let at = 0
  for (const chunk of chunks) {
    all.set(chunk, at)
    at += chunk.length
  }
  return all
}

/** A stream that broke before its first content: what had come, and then the failure. @internal */
export const brokenBody = (chunks: ReadonlyArray<Uint8Array>, error: unknown): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start: (controller) => {
      for (const chunk of chunks) controller.enqueue(chunk)
    },
    pull: (controller) => controller.error(error)
  })
