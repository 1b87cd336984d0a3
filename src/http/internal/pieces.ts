/**
 * The chunks of one attempt as pieces, opened as the policies open a stream: no fiber and no channel stands in between.
 *
 * @internal
 */
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import { exitOf } from "../../internal/fiber/exitOf.js"
import { readByFiber } from "../../internal/stream/fiberReader.js"
import { fromTake } from "../../internal/stream/fromTake.js"
import {
  type AskNext,
  type OpensReader,
  opensReader,
  type Reader,
  ReaderTypeId,
  type Told
} from "../../internal/stream/reader.js"
import type { LlmError } from "../../LlmError.js"
import type { AnswerReader, Piece } from "./answerReader.js"

/** One attempt at a stream. @internal */
export interface Opening<E, R> {
  readonly chunks: Stream.Stream<Uint8Array, E, R>
  readonly answer: AnswerReader
  /** To be done when the head has come; nothing, if there is nothing. */
  readonly onHead: () => Effect.Effect<void> | undefined
  /** A failure of the chunks themselves, as it is handed on. */
  readonly onFailure: (failure: E) => E
  readonly onJudged: () => void
  /** How the attempt that reads the pieces is asked without a fiber. */
  readonly readBy: (ask: AskNext<Piece>) => void
}

/** @internal */
export const pieces = <E, R>(begin: () => Opening<E, R>, isPlaceless = false): OpensReader<Piece, E | LlmError, R> => {
  const open: Effect.Effect<Pieces<E>, never, R | Scope.Scope> = Effect.suspend(() => {
    const opening = begin()
    const { chunks } = opening
    const opened = opensReader(chunks) ? chunks[ReaderTypeId] : readByFiber(chunks)
    return Effect.map(opened, (reader) => new Pieces<E>(reader, opening))
  })
  const stream = fromTake(Effect.map(open, (reader) => reader.take))
  return Object.assign(stream, { [ReaderTypeId]: open, isPlaceless }) as unknown as OpensReader<Piece, E | LlmError, R>
}

type Taken<E> = Effect.Effect<Chunk.Chunk<Piece> | undefined, E | LlmError>

class Pieces<E> implements Reader<Piece, E | LlmError> {
  private begun = false
  private over = false
  readonly ask: ((told: Told<Piece, E | LlmError>) => void) | undefined

  constructor(
    private readonly chunks: Reader<Uint8Array, E>,
    private readonly opening: Omit<Opening<E, never>, "chunks">
  ) {
    this.ask = chunks.ask && this.askFor
  }

  readonly take: Taken<E> = Effect.suspend(() =>
    this.over ? nothing : Effect.matchEffect(this.chunks.take, { onSuccess: this.onChunk, onFailure: this.onFailure })
  )

  private readonly askFor = (told: Told<Piece, E | LlmError>): void => {
    if (this.over) told(nothing)
    else {
      this.chunks.ask?.((next) => {
        const exit = exitOf(next)
        told(
          exit !== undefined && Exit.isSuccess(exit)
            ? this.onChunk(exit.value)
            : Effect.matchEffect(next, { onSuccess: this.onChunk, onFailure: this.onFailure })
        )
      })
    }
  }

  readBy({ ask }: { readonly ask: AskNext<Piece> }): void {
    this.opening.readBy(ask)
  }

  /** The end that the one who reads is told then is not the end of the body. */
  readonly cut = (): void => {
    this.over = true
    this.chunks.cut()
  }

  get closing(): Promise<void> | undefined {
    return this.chunks.closing
  }

  private readonly onChunk = (chunk: Chunk.Chunk<Uint8Array> | undefined): Taken<E> => {
    if (this.over) return nothing
    const { answer } = this.opening
    const told = this.begun ? undefined : this.opening.onHead()
    this.begun = true
    const taken = chunk === undefined ? this.end : this.handed(Chunk.toReadonlyArray(chunk), answer)
    return told === undefined ? taken : Effect.zipRight(told, taken)
  }

  /** A body that has to be whole before it is anything is taken to its end. */
  private handed(chunk: ReadonlyArray<Uint8Array>, answer: AnswerReader): Taken<E> {
    if (chunk.length === 1) {
      const piece = answer.take(chunk[0] as Uint8Array)
      return piece === undefined ? this.take : Effect.succeed(Chunk.of(piece))
    }
    const taken: Array<Piece> = []
    for (const bytes of chunk) {
      const piece = answer.take(bytes)
      if (piece !== undefined) taken.push(piece)
    }
    return taken.length === 0 ? this.take : Effect.succeed(Chunk.unsafeFromArray(taken))
  }

  private readonly end: Taken<E> = Effect.suspend(() => {
    this.over = true
    return Effect.mapBoth(this.opening.answer.end(), {
      onSuccess: Chunk.of,
      onFailure: (failure) => {
        this.opening.onJudged()
        return failure
      }
    })
  })

  private readonly onFailure = (failure: E): Taken<E> => {
    this.over = true
    return Effect.fail(this.opening.onFailure(failure))
  }
}

const nothing: Effect.Effect<undefined> = Effect.succeed(undefined)
