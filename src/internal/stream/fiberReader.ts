/**
 * Any stream as a reader: a fiber of its own pulls it when asked, so that a timer can leave a pull behind.
 *
 * One fiber serves the whole stream, since one per pull would cost as much as the pull.
 *
 * @internal
 */
import * as Cause from "effect/Cause"
import type * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { Inherited } from "./inherited.js"
import { type Opened, type Reader, type Told, Waiting } from "./reader.js"

/** @internal */
export const readByFiber = <A, E, R>(self: Stream.Stream<A, E, R>): Opened<A, E, R> =>
  Effect.uninterruptible(
    Effect.suspend(() => {
      const fiberReader = new FiberReader<A, E>()
      return Effect.flatMap(Effect.forkDaemon(Effect.interruptible(fiberReader.run(self))), (fiber) => {
        fiberReader.fiber = fiber
        return Effect.as(
          Effect.addFinalizer(() => fiberReader.close),
          fiberReader
        )
      })
    })
  )

const yes = Effect.succeed(true)
const no = Effect.succeed(false)

const nothing = (): void => {}

class FiberReader<A, E> implements Reader<A, E> {
  fiber: Fiber.RuntimeFiber<void> | undefined
  private readonly taker = new Waiting<Chunk.Chunk<A> | undefined, E>()
  private readonly pumper = new Waiting<boolean, never>()
  private asked = false
  private left = false
  private wasCut = false
  private inherited: Inherited | undefined

  /** The end is told once the stream has closed its resources. */
  run<R>(self: Stream.Stream<A, E, R>): Effect.Effect<void, never, R> {
    const pulls = Effect.withFiberRuntime<void, Option.Option<E>, R>((fiber) => {
      this.inherited = new Inherited(fiber)
      return Effect.scoped(Effect.flatMap(Stream.toPull(self), (pull) => this.repeat(pull)))
    })
    return Effect.flatMap(Effect.exit(pulls), (exit) => Effect.sync(() => this.answer(endOf(exit))))
  }

  private repeat<R>(
    pull: Effect.Effect<Chunk.Chunk<A>, Option.Option<E>, R>
  ): Effect.Effect<void, Option.Option<E>, R> {
    const next: Effect.Effect<void, Option.Option<E>, R> = Effect.flatMap(this.question, (more) =>
      more
        ? Effect.flatMap(pull, (chunk) => {
            this.answer(Effect.succeed(chunk))
            return next
          })
        : Effect.void
    )
    return next
  }

  /** Waits to be asked. No: nobody will ask any more, which is no reason for the stream to end as interrupted. */
  private readonly question: Effect.Effect<boolean> = Effect.suspend(() => {
    if (this.left) return no
    return this.asked ? yes : this.pumper.take(nothing)
  })

  private readonly pump = (): void => {
    this.asked = true
    this.pumper.tell(yes)
  }

  private answer(effect: Effect.Effect<Chunk.Chunk<A> | undefined, E>): void {
    this.asked = false
    const changes = this.inherited?.changes()
    this.taker.tell(changes === undefined ? effect : Effect.zipRight(changes, effect))
  }

  readonly take: Effect.Effect<Chunk.Chunk<A> | undefined, E> = this.taker.take(this.pump)

  readonly ask = (told: Told<A, E>): void => this.taker.listen(told, this.pump)

  readonly cut = (): void => {
    this.wasCut = true
    this.taker.tell(Effect.succeed(undefined))
  }

  readonly close: Effect.Effect<void> = Effect.suspend(() => {
    const { fiber } = this
    if (fiber === undefined) return Effect.void
    if (this.wasCut) return Fiber.interruptFork(fiber)
    this.left = true
    this.pumper.tell(no)
    return Effect.asVoid(this.asked ? Fiber.interrupt(fiber) : Fiber.await(fiber))
  })
}

/** How a stream has ended for those who take from it. @internal */
export const endOf = <E>(exit: Exit.Exit<void, Option.Option<E>>): Effect.Effect<undefined, E> => {
  if (Exit.isSuccess(exit)) return Effect.succeed(undefined)
  const failure = Cause.failureOption(exit.cause)
  if (Option.isSome(failure)) {
    return Option.isSome(failure.value) ? Exit.fail(failure.value.value) : Effect.succeed(undefined)
  }
  return Effect.failCause(Cause.flatMap(exit.cause, () => Cause.empty))
}
