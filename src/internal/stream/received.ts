/**
 * What comes in during one attempt, and what of it may be handed on.
 *
 * @internal
 */
import * as Chunk from "effect/Chunk"
import { fromUnknown } from "../../classifier/Unknown.js"
import { type LlmError, MalformedResponse, type ToolCall, type Usage } from "../errors/llmError.js"
import { BufferExceeded } from "../errors/rejection.js"
import { modelName } from "../telemetry/answered.js"
import { advance, type Delivery, type Ending, ending, hands, type Progress } from "./commit.js"
import { detect, isUnknown } from "./dialect/detect.js"
import type { StreamDialect } from "./dialect/dialect.js"
import { TextBuffer } from "./textBuffer.js"
import { ToolCalls } from "./toolCalls.js"

/** The first element is an object of no known format; an element that could not be read was left out. @internal */
export type Notice = "formatUnknown" | "skipped"

/** @internal */
export interface ReceivedOptions<A> {
  readonly target: string
  /** Left out, the first element tells. */
  readonly dialect: StreamDialect<A> | undefined
  readonly delivery: Delivery
  readonly reasoning: "ignored" | "life" | "content"
  readonly malformed: "skip" | "fail"
  /** Told of what the answer itself does not show. */
  readonly notice?: ((what: Notice) => void) | undefined
  /** Whatever comes is handed on as it is, and is an answer. */
  readonly asItComes?: boolean | undefined
  readonly buffer: { readonly elements: number; readonly characters: number }
}

/** @internal */
export class Received<A> {
  progress: Progress = "preamble"
  /** What was handed on, which is what the consumer has. */
  handed = false
  readonly text: TextBuffer = new TextBuffer()
  private readonly calls = new ToolCalls()
  usage: Usage | undefined
  /** The usage was told when the answer had begun. */
  private counted = false
  /** The model that answers, if its stream says. */
  model: string | undefined
  /** Why the attempt has failed, once all that came before has been handed on. */
  failure: LlmError | BufferExceeded | undefined
  /** The last chunk held a sign of life. */
  alive = false

  private held: Chunk.Chunk<A> = Chunk.empty()
  private heldCharacters = 0

  private dialect: StreamDialect<A> | undefined
  /** The dialect was not given, and it was not yet seen whether the first content is of a known format. */
  private untold: boolean

  constructor(private readonly options: ReceivedOptions<A>) {
    this.dialect = options.dialect
    this.untold = options.dialect === undefined
  }

  get toolCalls(): ReadonlyArray<ToolCall> {
    return this.calls.all
  }

  /** The usage, as far as it is one of this answer: what was told before it began says nothing of its output. */
  get used(): Usage | undefined {
    if (this.usage === undefined || this.counted) return this.usage
    const { outputTokens: _, ...before } = this.usage
    return before
  }

  get provider(): string | undefined {
    return this.dialect?.provider
  }

  /** Takes in a chunk and gives what is to be handed on, which may be nothing yet. A chunk is never split. */
  accept(chunk: Chunk.Chunk<A>): Chunk.Chunk<A> | undefined {
    this.alive = false
    if (this.options.asItComes === true) return chunk
    const taken = this.read(chunk)
    if (this.handed || hands(this.options.delivery, this.progress)) return this.release(taken)
    if (this.failure !== undefined) return undefined
    this.held = Chunk.appendAll(this.held, taken)
    return this.isFull() ? this.overflow() : undefined
  }

  /** The provider's stream is over. */
  end(): { readonly ending: Ending; readonly rest: Chunk.Chunk<A> | undefined } {
    if (this.options.asItComes === true) return { ending: "complete", rest: undefined }
    const how = ending(this.progress, this.dialect?.endMarker ?? false)
    return { ending: how, rest: how === "complete" ? this.release(Chunk.empty()) : undefined }
  }

  private release(chunk: Chunk.Chunk<A>): Chunk.Chunk<A> | undefined {
    const { held } = this
    const all = Chunk.isEmpty(held) ? chunk : Chunk.appendAll(held, chunk)
    this.held = Chunk.empty()
    if (Chunk.isEmpty(all)) return undefined
    this.handed = true
    return all
  }

  private isFull(): boolean {
    const { characters, elements } = this.options.buffer
    return Chunk.size(this.held) > elements || this.heldCharacters > characters
  }

  /** A preamble that is longer than there is room for is handed on, and can no longer be taken back. */
  private overflow(): Chunk.Chunk<A> | undefined {
    if (this.options.delivery !== "buffered") return this.release(Chunk.empty())
    this.held = Chunk.empty()
    this.failure = new BufferExceeded({ key: this.options.target, ...this.options.buffer })
    return undefined
  }

  /** The elements that count: without malformed ones, and up to the first that says that the answer failed. */
  private read(chunk: Chunk.Chunk<A>): Chunk.Chunk<A> {
    const elements = Chunk.toReadonlyArray(chunk)
    let kept: Array<A> | undefined
    for (let i = 0; i < elements.length; i++) {
      const element = elements[i] as A
      switch (this.readOne(element)) {
        case "failed":
          return Chunk.unsafeFromArray(kept ?? elements.slice(0, i))
        case "dropped":
          kept ??= elements.slice(0, i)
          break
        case "kept":
          kept?.push(element)
      }
    }
    return kept === undefined ? chunk : Chunk.unsafeFromArray(kept)
  }

  private readOne(element: A): "kept" | "dropped" | "failed" {
    const { delivery, malformed, reasoning, target } = this.options
    this.dialect ??= detect(element)
    const reading = this.dialect.read(element)
    if (this.untold && reading.kind !== "metadata") {
      this.untold = false
      if (isUnknown(this.dialect as StreamDialect<unknown>)) this.options.notice?.("formatUnknown")
    }
    if (reading.usage !== undefined) {
      this.usage = { ...this.usage, ...reading.usage }
      this.counted = this.progress !== "preamble" || reading.kind === "content" || reading.end === true
    }
    if (reading.model !== undefined) this.model = modelName(reading.model)
    if (reading.error !== undefined) {
      this.failure = fromUnknown(reading.error, { target }) as LlmError
      return "failed"
    }
    if (reading.kind === "malformed") {
      if (malformed === "skip") {
        this.options.notice?.("skipped")
        return "dropped"
      }
      this.failure = new MalformedResponse({
        target,
        message: `${target} sent an event that its format does not have`,
        provider: this.provider
      })
      return "failed"
    }
    const isReasoning = reading.kind === "reasoning"
    const kind = isReasoning && reasoning === "content" ? "content" : reading.kind
    this.progress = advance(this.progress, { kind, end: reading.end ?? false })
    if (kind === "content" || this.progress === "complete" || (isReasoning && reasoning === "life")) this.alive = true
    if (reading.text !== undefined) {
      this.heldCharacters += reading.text.length
      if (delivery !== "buffered") this.text.add(reading.text)
    }
    if (reading.toolCalls !== undefined) for (const call of reading.toolCalls) this.calls.add(call)
    return "kept"
  }
}
