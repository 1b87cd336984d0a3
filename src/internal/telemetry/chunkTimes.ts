/**
 * Who is told of the chunks of streams, which are too many to be events. Streams look for it only while somebody listens.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/** @internal */
export interface Chunked {
  readonly target: string
  readonly provider: string | undefined
  readonly model: string | undefined
}

/** How long a chunk was waited for, in milliseconds: the first one since the attempt began, the others each. @internal */
export type ChunkReader = (about: Chunked, millis: number, isFirst: boolean, answeredBy: string | undefined) => void

const readers = new WeakMap<object, ChunkReader>()

/** @internal */
export const chunkReaderOf = (hub: object): ChunkReader | undefined => readers.get(hub)

/** @internal */
export const readChunks = (hub: object, reader: ChunkReader): Effect.Effect<void, never, Scope.Scope> =>
  Effect.asVoid(
    Effect.acquireRelease(
      Effect.sync(() => readers.set(hub, reader)),
      () => Effect.sync(() => readers.get(hub) === reader && readers.delete(hub))
    )
  )
