/**
 * The async iterable of a vendor's SDK as a stream.
 *
 * The iterator is asked for one element at a time, and only when the consumer wants one, so that back-pressure reaches
 * the socket. An element costs one callback: no fiber, no race, no scope.
 *
 * @internal
 */
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import { flow } from "./flow.js"
import { type Opened, type Tap, type Tappable, TapTypeId, Waiting } from "./tap.js"

type Iterables<A> = AsyncIterable<A> | PromiseLike<AsyncIterable<A>>

/** @internal */
export const fromAsyncIterable = <A, E>(
  evaluate: (signal: AbortSignal) => Iterables<A>,
  onThrown: (thrown: unknown) => E
): Tappable<A, E, never> => {
  const open: Opened<A, E, never> = Effect.acquireRelease(
    Effect.sync(() => new Iteration(evaluate, onThrown)),
    (iteration) => iteration.close
  )
  return Object.assign(flow(Effect.map(open, (tap) => tap.take)), { [TapTypeId]: open })
}

class Iteration<A, E> implements Tap<A, E> {
  private readonly controller: AbortController | undefined
  private readonly waiting = new Waiting<Chunk.Chunk<A> | undefined, E>()
  private iterator: AsyncIterator<A> | undefined
  private pending = false
  private closed = false

  constructor(
    private readonly evaluate: (signal: AbortSignal) => Iterables<A>,
    private readonly onThrown: (thrown: unknown) => E
  ) {
    // A function without parameters never sees the missing signal.
    this.controller = evaluate.length > 0 ? new AbortController() : undefined
  }

  readonly take: Effect.Effect<Chunk.Chunk<A> | undefined, E> = Effect.suspend(() =>
    this.waiting.take(this.ask, this.abort)
  )

  private readonly ask = (): void => {
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
      this.iterator = iterable[Symbol.asyncIterator]()
      if (this.closed) this.giveBack()
      else this.iterator.next().then(this.answer, this.fail)
    } catch (thrown) {
      this.fail(thrown)
    }
  }

  private readonly answer = (result: IteratorResult<A>): void => {
    this.pending = false
    if (result.done === true) {
      this.closed = true
      this.waiting.tell(Effect.succeed(undefined))
    } else {
      this.waiting.tell(Effect.succeed(Chunk.of(result.value)))
    }
  }

  private readonly fail = (thrown: unknown): void => {
    this.pending = false
    this.closed = true
    this.waiting.tell(Effect.failSync(() => this.onThrown(thrown)))
  }

  readonly cut = (): void => {
    this.waiting.tell(Effect.succeed(undefined))
  }

  private readonly abort = Effect.sync(() => this.controller?.abort())

  /** Closes the iterator, and waits for that unless it is still busy with a question nobody waits for any more. */
  readonly close: Effect.Effect<void> = Effect.suspend(() => {
    if (this.closed) return Effect.void
    this.closed = true
    const { pending } = this
    this.controller?.abort()
    const given = this.giveBack()
    return pending ? Effect.void : Effect.promise(() => given)
  })

  /** An iterator that fails to close has nothing to say to anybody. */
  private giveBack(): Promise<void> {
    try {
      return Promise.resolve(this.iterator?.return?.()).then(ignore, ignore)
    } catch {
      return Promise.resolve()
    }
  }
}

const ignore = (): void => {}
