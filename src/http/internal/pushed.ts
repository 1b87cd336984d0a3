/**
 * Answers of a transport that pushes what it gets, without a promise in between: a call is one callback, and a stream is
 * read as it is pushed.
 *
 * @internal
 */
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import { type CallbackEffect, callbackCall } from "../../internal/call/callbackCall.js"
import { fromTake } from "../../internal/stream/fromTake.js"
import { held } from "../../internal/stream/held.js"
import {
  type Opened,
  type OpensReader,
  type Reader,
  ReaderTypeId,
  type Told,
  Waiting
} from "../../internal/stream/reader.js"

/** What is told of a request that is under way. Nothing follows an end or a failure. @internal */
export interface Sink<E> {
  readonly data: (bytes: Uint8Array) => void
  readonly end: () => void
  readonly fail: (failure: E) => void
}

/** A request that is under way. @internal */
export interface Sending {
  readonly pause: () => void
  readonly resume: () => void
  readonly cancel: () => void
}

/** One request whose answer is wanted whole. @internal */
export interface WholeRequest<A, E, E2> {
  readonly start: (sink: Sink<E>) => Sending
  readonly done: (chunks: Array<Uint8Array>) => Effect.Effect<A, E2>
  readonly failed: (failure: E) => Effect.Effect<A, E2>
}

/** @internal */
export const whole = <A, E, E2>(begin: () => WholeRequest<A, E, E2>): CallbackEffect<A, E2, never> =>
  callbackCall((resume) => {
    const { done, failed, start } = begin()
    const chunks: Array<Uint8Array> = []
    return start({
      data: (bytes) => {
        chunks.push(bytes)
      },
      end: () => resume(Effect.suspend(() => done(chunks))),
      fail: (failure) => resume(Effect.suspend(() => failed(failure)))
    }).cancel
  })

/** A stream of what is pushed, each time it is opened by a request of its own. @internal */
export const streamed = <E>(start: (sink: Sink<E>) => Sending): OpensReader<Uint8Array, E, never> => {
  const open: Opened<Uint8Array, E, never> = held(
    Effect.sync(() => new Pushed(start)),
    (pushed) => pushed.close
  )
  return Object.assign(fromTake(Effect.map(open, (reader) => reader.take)), { [ReaderTypeId]: open, isPlaceless: true })
}

/** What a consumer that does not ask may find waiting for it. */
const mostReady = 64

class Pushed<E> implements Reader<Uint8Array, E>, Sink<E> {
  private readonly waiting = new Waiting<Chunk.Chunk<Uint8Array> | undefined, E>()
  private ready: Array<Uint8Array> = []
  private asked = false
  private paused = false
  /** What is told once there is nothing more to take. */
  private last: Effect.Effect<undefined, E> | undefined
  private readonly sending: Sending

  constructor(start: (sink: Sink<E>) => Sending) {
    this.sending = start(this)
  }

  private readonly want = (): void => {
    this.asked = true
    if (this.ready.length > 0 || this.last !== undefined) this.hand()
    else if (this.paused) {
      this.paused = false
      this.sending.resume()
    }
  }

  readonly take: Effect.Effect<Chunk.Chunk<Uint8Array> | undefined, E> = this.waiting.take(this.want)

  readonly ask = (told: Told<Uint8Array, E>): void => this.waiting.listen(told, this.want)

  readonly data = (bytes: Uint8Array): void => {
    if (this.last !== undefined) return
    this.ready.push(bytes)
    if (this.asked) this.hand()
    else if (this.ready.length >= mostReady && !this.paused) {
      this.paused = true
      this.sending.pause()
    }
  }

  readonly end = (): void => this.over(nothing)

  readonly fail = (failure: E): void => this.over(Effect.fail(failure))

  readonly cut = (): void => {
    this.asked = false
    this.waiting.tell(nothing)
  }

  readonly close: Effect.Effect<void> = Effect.sync(() => {
    if (this.last === undefined) this.sending.cancel()
    this.last = nothing
  })

  private over(last: Effect.Effect<undefined, E>): void {
    if (this.last !== undefined) return
    this.last = last
    if (this.asked) this.hand()
  }

  private hand(): void {
    const { ready } = this
    this.asked = false
    this.ready = []
    this.waiting.tell(ready.length > 0 ? Effect.succeed(Chunk.unsafeFromArray(ready)) : (this.last ?? nothing))
  }
}

const nothing: Effect.Effect<undefined> = Effect.succeed(undefined)
