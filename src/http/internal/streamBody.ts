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
import type { Piece } from "./answerReader.js"
import type { Seen } from "./seen.js"

type Next<E> = Exit.Exit<Chunk.Chunk<Piece> | undefined, E>

/** @internal */
export interface Source<E> {
  readonly first: Chunk.Chunk<Piece>
  readonly next: () => Promise<Next<E>>
  readonly close: (exit: Exit.Exit<unknown, unknown>) => Promise<unknown>
  readonly seen: Seen
  /** What the reader is told of a failure. */
  readonly brokenBy: (failure: E) => unknown
  readonly signal: AbortSignal | undefined
}

/** @internal */
export const streamBody = <E>(source: Source<E>): ReadableStream<Uint8Array> => {
  const { seen, signal } = source
  let ready: Chunk.Chunk<Piece> | undefined = source.first
  /** Nobody reads on: what still comes goes nowhere. */
  let over = false
  let broken: { readonly error: unknown } | undefined
  let onAbort: (() => void) | undefined

  const close = async (exit: Exit.Exit<unknown, unknown>): Promise<void> => {
    over = true
    if (onAbort !== undefined) signal?.removeEventListener("abort", onAbort)
    await source.close(exit)
  }

  /** A body that has failed says so once its source is closed: whoever hears of it may ask again at once. */
  const failed = async (controller: Controller, cause: Cause.Cause<E>): Promise<void> => {
    const failure = Cause.failureOption(cause)
    await close(Exit.failCause(cause))
    const error = Option.isSome(failure) ? source.brokenBy(failure.value) : Cause.squash(cause)
    if (seen.failing === undefined) return controller.error(error)
    // The provider's own words for it come first: its client knows what to make of them.
    controller.enqueue(seen.failing)
    broken = { error }
  }

  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        if (signal === undefined) return
        onAbort = () => {
          if (over) return
          controller.error(signal.reason)
          close(Exit.interrupt(FiberId.none))
        }
        signal.addEventListener("abort", onAbort, { once: true })
      },
      pull: async (controller) => {
        if (broken !== undefined) return controller.error(broken.error)
        for (;;) {
          const next: Next<E> = ready === undefined ? await source.next() : Exit.succeed(ready)
          ready = undefined
          if (over) return
          if (Exit.isFailure(next)) return failed(controller, next.cause)
          if (next.value === undefined) {
            await close(Exit.void)
            return controller.close()
          }
          // What was held back for the sake of another attempt is the reader's now.
          seen.chunks = []
          if (enqueued(controller, next.value)) return
        }
      },
      cancel: () => close(Exit.void)
    },
    { highWaterMark: 0 }
  )
}

type Controller = ReadableStreamDefaultController<Uint8Array>

/** The last piece of an answer may have no bytes. */
const enqueued = (controller: Controller, pieces: Chunk.Chunk<Piece>): boolean => {
  let any = false
  for (const { bytes } of pieces) {
    if (bytes.length === 0) continue
    controller.enqueue(bytes)
    any = true
  }
  return any
}
