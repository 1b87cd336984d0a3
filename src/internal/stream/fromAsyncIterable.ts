/**
 * The async iterable of a vendor's SDK as a stream.
 *
 * What one read of the socket brought comes as one chunk: the iterator is asked again at once, and the consumer is told
 * as soon as an answer takes longer than the turn of the event loop. So most elements cost a callback, and no fiber, no
 * race and no scope. Nothing is asked for beyond the chunk and one element while the consumer does not ask, so that
 * back-pressure reaches the socket.
 *
 * @internal
 */
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import { onAbort } from "../call/promiseCall.js"
import { fromTake } from "./fromTake.js"
import { closed, type Opened, type OpensReader, type Reader, ReaderTypeId, type Told, Waiting } from "./reader.js"
import { cancel, iteratorOf } from "./source.js"

type Iterables<A> = AsyncIterable<A> | PromiseLike<AsyncIterable<A>>

/** @internal */
export const fromAsyncIterable = <A, E>(
  evaluate: (signal: AbortSignal) => Iterables<A>,
  onThrown: (thrown: unknown, givenUp: boolean) => E,
  callersSignal?: AbortSignal
): OpensReader<A, E, never> => {
  const open: Opened<A, E, never> = Effect.acquireRelease(
    Effect.sync(() => new Iteration(evaluate, onThrown, callersSignal)),
    (iteration) => iteration.close
  )
  return Object.assign(fromTake(Effect.map(open, (reader) => reader.take)), { [ReaderTypeId]: open })
}

/** So that a source that is always ready does not keep its consumer waiting. */
const mostAtOnce = 64

/** Where the platform has no such turn of the event loop, elements come one at a time. */
const afterThisTurn: ((run: () => void) => void) | undefined =
  typeof setImmediate === "function" ? (run) => setImmediate(run) : undefined

class Iteration<A, E> implements Reader<A, E> {
  private readonly controller: AbortController | undefined
  private readonly waiting = new Waiting<Chunk.Chunk<A> | undefined, E>()
  private source: AsyncIterable<A> | undefined
  private iterator: AsyncIterator<A> | undefined
  /** What has come and was not yet taken. */
  private ready: Array<A> = []
  /** The taker waits. */
  private asked = false
  /** It wants what comes next and no more. */
  private oneByOne = false
  /** The iterator has been asked and has not answered. */
  private pending = false
  private turning = false
  closing: Promise<void> | undefined
  /** Set once the iterator has nothing more to give. */
  private last: Effect.Effect<undefined, E> | undefined
  private readonly forget: (() => void) | undefined

  constructor(
    private readonly evaluate: (signal: AbortSignal) => Iterables<A>,
    private readonly onThrown: (thrown: unknown, givenUp: boolean) => E,
    private readonly callersSignal: AbortSignal | undefined
  ) {
    // A function without parameters never sees the missing signal.
    this.controller = evaluate.length > 0 ? new AbortController() : undefined
    if (callersSignal?.aborted === true) this.giveUp()
    else this.forget = callersSignal && onAbort(callersSignal, this.giveUp)
  }

  readonly take: Effect.Effect<Chunk.Chunk<A> | undefined, E> = this.waiting.take(() => {
    this.asked = true
    this.oneByOne = false
    if (this.last !== undefined) this.hand()
    else {
      if (this.ready.length > 0) this.handAfterThisTurn()
      if (!this.pending) this.advance()
    }
  })

  /** Where a chunk costs no fiber, nothing is gained by waiting for more. */
  readonly ask = (told: Told<A, E>): void => this.waiting.listen(told, this.askForOne)

  private readonly askForOne = (): void => {
    this.asked = true
    this.oneByOne = true
    if (this.last !== undefined || this.ready.length > 0) this.hand()
    else if (!this.pending) this.advance()
  }

  private advance(): void {
    this.pending = true
    try {
      if (this.iterator !== undefined) this.iterator.next().then(this.answer, this.fail)
      else Promise.resolve(this.evaluate(this.controller?.signal as AbortSignal)).then(this.begin, this.fail)
    } catch (thrown) {
      this.fail(thrown)
    }
  }

  private readonly begin = (iterable: AsyncIterable<A>): void => {
    try {
      this.source = iterable
      this.iterator = iteratorOf(iterable)
      if (this.last === undefined) this.iterator.next().then(this.answer, this.fail)
      else this.giveBack()
    } catch (thrown) {
      this.fail(thrown)
    }
  }

  private readonly answer = (result: IteratorResult<A>): void => {
    this.pending = false
    if (this.last !== undefined) return
    if (result.done === true) this.end(Effect.succeed(undefined))
    else {
      this.ready.push(result.value)
      if (this.asked) this.goOn()
    }
  }

  private goOn(): void {
    if (this.oneByOne || this.ready.length >= mostAtOnce || afterThisTurn === undefined) this.hand()
    else {
      this.handAfterThisTurn()
      this.advance()
    }
  }

  private readonly fail = (thrown: unknown): void => {
    this.pending = false
    if (this.last === undefined) this.end(Effect.failSync(() => this.onThrown(thrown, false)))
  }

  /** The caller has aborted its own signal. */
  private readonly giveUp = (): void => {
    if (this.last !== undefined) return
    this.end(Effect.failSync(() => this.onThrown(this.callersSignal?.reason, true)))
    this.controller?.abort(this.callersSignal?.reason)
    this.giveBack()
  }

  private end(last: Effect.Effect<undefined, E>): void {
    this.forget?.()
    this.last = last
    if (this.asked) this.hand()
  }

  private handAfterThisTurn(): void {
    if (this.turning || afterThisTurn === undefined) return
    this.turning = true
    afterThisTurn(() => {
      this.turning = false
      if (this.asked && this.ready.length > 0) this.hand()
    })
  }

  private hand(): void {
    const { ready } = this
    this.asked = false
    this.ready = []
    this.waiting.tell(
      ready.length > 0 ? Effect.succeed(Chunk.unsafeFromArray(ready)) : (this.last ?? Effect.succeed(undefined))
    )
  }

  readonly cut = (): void => {
    this.asked = false
    this.waiting.tell(Effect.succeed(undefined))
  }

  /**
   * Closes the iterator and waits for that. One that is still busy, once the turn is over, with what nobody waits for any
   * more is left to close in the background.
   */
  readonly close: Effect.Effect<void> = Effect.suspend(() => {
    if (this.last !== undefined) return Effect.void
    this.forget?.()
    this.last = Effect.succeed(undefined)
    this.controller?.abort()
    const closing = this.giveBack().then(() => {
      this.closing = undefined
    })
    this.closing = closing
    return Effect.flatMap(
      Effect.promise(() => Promise.race([closing, thisTurn()])),
      () => (this.closing === undefined || this.pending ? Effect.void : closed(closing))
    )
  })

  /** An iterator that fails to close has nothing to say to anybody. */
  private giveBack(): Promise<void> {
    try {
      if (this.pending) cancel(this.source)
      return Promise.resolve(this.iterator?.return?.()).then(ignore, ignore)
    } catch {
      return Promise.resolve()
    }
  }
}

const ignore = (): void => {}

const thisTurn = (): Promise<void> =>
  new Promise((resolve) => (afterThisTurn === undefined ? resolve() : afterThisTurn(resolve)))
