/**
 * The body of a response whose first content has come: the bytes as they came, at the pace of their reader.
 *
 * @internal
 */
import * as Cause from "effect/Cause"
import type * as Chunk from "effect/Chunk"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import * as Option from "effect/Option"
import type { AskNext } from "../../internal/stream/reader.js"
import type { Piece } from "./answerReader.js"
import type { Seen } from "./seen.js"

type Next<E> = Exit.Exit<Chunk.Chunk<Piece> | undefined, E>

/** @internal */
export interface Source<E> {
  readonly first: Chunk.Chunk<Piece>
  /** What comes next. Whoever hears of the end or of a failure may ask again at once: by then all is closed. */
  readonly next: () => Promise<Next<E>>
  /** The same without a fiber, as far as it goes. */
  readonly ask: AskNext<Piece> | undefined
  readonly close: (exit: Exit.Exit<unknown, unknown>) => Promise<unknown>
  readonly seen: Seen
  /** What the reader is told of a failure. */
  readonly brokenBy: (failure: E) => unknown
  readonly signal: AbortSignal | undefined
}

/** @internal */
export const streamBody = <E>(source: Source<E>): ReadableStream<Uint8Array> =>
  withByob(new ReadableStream(new Body(source), { highWaterMark: 0 }))

/**
 * A stream of bytes, which `fetch` gives, can be read into a buffer of the reader's own, and costs each chunk twice as much.
 * So it is made for those alone who read that way.
 */
const withByob = (body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> => {
  const getReader = body.getReader.bind(body) as () => ReadableStreamDefaultReader<Uint8Array>
  let bytes: ReadableStream<Uint8Array> | undefined
  return Object.assign(body, {
    getReader: (options?: ReadableStreamGetReaderOptions) => {
      if (options?.mode === "byob") bytes ??= bytesOf(getReader())
      return bytes === undefined ? getReader() : bytes.getReader(options as { mode: "byob" })
    }
  })
}

const bytesOf = (reader: ReadableStreamDefaultReader<Uint8Array>): ReadableStream<Uint8Array> =>
  new ReadableStream({
    type: "bytes",
    pull: async (controller) => {
      const { done, value } = await reader.read()
      if (!done) return controller.enqueue(value.slice())
      controller.close()
      controller.byobRequest?.respond(0)
    },
    cancel: (reason) => reader.cancel(reason)
  })

type Controller = ReadableStreamDefaultController<Uint8Array>

class Body<E> implements UnderlyingDefaultSource<Uint8Array> {
  private controller: Controller | undefined
  private isFirst = true
  /** The source has been asked and has not answered. */
  private asked = false
  /** Nobody reads on: what still comes goes nowhere. */
  private over = false
  private broken: { readonly error: unknown } | undefined

  constructor(private readonly source: Source<E>) {}

  start(controller: Controller): void {
    this.controller = controller
    this.source.signal?.addEventListener("abort", this.onAbort, { once: true })
  }

  pull(controller: Controller): void {
    if (this.broken !== undefined) controller.error(this.broken.error)
    else if (this.isFirst) {
      this.isFirst = false
      this.source.seen.handOver()
      this.hand(this.source.first)
    } else if (!this.asked) this.ask()
  }

  cancel(): Promise<void> {
    return this.close(Exit.void)
  }

  private readonly onAbort = (): void => {
    if (this.over) return
    this.controller?.error(this.source.signal?.reason)
    this.close(Exit.interrupt(FiberId.none))
  }

  private ask(): void {
    const { ask } = this.source
    this.asked = true
    if (ask === undefined) this.askByFiber()
    else ask(this.answered, this.askByFiber)
  }

  private readonly askByFiber = (): void => {
    if (!this.over) this.source.next().then(this.taken)
  }

  private readonly taken = (next: Next<E>): void => {
    if (this.over) return
    if (Exit.isSuccess(next) && next.value !== undefined) this.answered(next.value)
    else {
      this.leave()
      if (Exit.isFailure(next)) this.failed(next.cause)
      else this.controller?.close()
    }
  }

  private readonly answered = (pieces: Chunk.Chunk<Piece>): void => {
    this.asked = false
    if (!this.over) this.hand(pieces)
  }

  /** The last piece of an answer may have no bytes. */
  private hand(pieces: Chunk.Chunk<Piece>): void {
    let any = false
    for (const { bytes } of pieces) {
      if (bytes.length === 0) continue
      this.controller?.enqueue(bytes)
      any = true
    }
    if (!any) this.ask()
  }

  private failed(cause: Cause.Cause<E>): void {
    const { controller, source } = this
    const failure = Cause.failureOption(cause)
    const error = Option.isSome(failure) ? source.brokenBy(failure.value) : Cause.squash(cause)
    if (source.seen.failing === undefined) controller?.error(error)
    else {
      // The provider's own words for it come first: its client knows what to make of them.
      this.broken = { error }
      controller?.enqueue(source.seen.failing)
    }
  }

  private leave(): void {
    this.over = true
    this.source.signal?.removeEventListener("abort", this.onAbort)
  }

  private async close(exit: Exit.Exit<unknown, unknown>): Promise<void> {
    this.leave()
    await this.source.close(exit)
  }
}
