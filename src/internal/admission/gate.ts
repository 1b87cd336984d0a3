import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { Entered, type Entry, isWithin } from "../call/nesting.js"
import { CallbackTypeId, type Holder, isCallbackEffect, stopIfInterrupted } from "../fiber/callback.js"
import { exitOf } from "../fiber/exitOf.js"
import type { ObservedDecision } from "../observe/decision.js"
import { clockOf } from "../time/timer.js"
import type { Outlook } from "./outlook.js"

/**
 * Makes a part of an uninterruptible effect as interruptible as its surroundings are.
 *
 * @internal
 */
export type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/**
 * Admission: get a permit or be rejected, and give the permit back exactly once, with how the call ended.
 *
 * `acquire` runs uninterruptibly, so that a permit it has got cannot be lost; a part of it that waits has to be
 * restored. `release` is told the call's exit: a success, a failure, or an interruption.
 *
 * A gate that knows at once answers with the permit itself, or rejects with an exit, instead of an effect, and one that
 * has nothing to wait for releases by returning nothing. Each saves two steps of the fiber, which is most of what a gate
 * costs.
 *
 * @internal
 */
export interface Gate<Permit, A, E, Rejected> {
  /** Which gate it is: within what runs behind it, it stands open. */
  readonly circuit?: { readonly scope: object; readonly key: string } | undefined
  /** The same gate for calls that wait before it in another way than its options say. */
  readonly waitingAs?: ((own: OwnWaiting) => Gate<Permit, A, E, Rejected>) | undefined
  /** Where it can tell beforehand whether a call may be let in. */
  readonly outlook?: Outlook | undefined
  /** Refuses, or waits for, what is known to be closed, without taking a permit: before a call queues for anything else. */
  readonly look?: ((restore: Restore, clock: Clock.Clock) => Effect.Effect<unknown, Rejected> | undefined) | undefined
  /** When a circuit that is closed has closed, if that is known. */
  readonly closedAt?: (() => number | undefined) | undefined
  /** What is left of it within its circuit, which stands open there. */
  readonly withinCircuit?: Gate<Permit, A, E, Rejected> | undefined
  readonly acquire: (restore: Restore, clock: Clock.Clock) => Permit | Effect.Effect<Permit, Rejected>
  readonly release: (permit: Permit, exit: Exit.Exit<A, E>, clock: Clock.Clock) => Effect.Effect<void> | undefined
  /**
   * What it would have said to a call that goes on whatever it says, and that has `left` milliseconds. It never waits. A
   * gate without it lets observed calls through.
   */
  readonly observe?: ((clock: Clock.Clock, left: number) => Effect.Effect<Observed<Permit>>) | undefined
  /** The stream that holds this permit has given its first element. */
  readonly answered?: ((permit: Permit) => Effect.Effect<Permit>) | undefined
}

/** How calls of one kind wait before a circuit that is open, and for how many milliseconds at most. @internal */
export interface OwnWaiting {
  readonly whenOpen: "wait" | "reject"
  readonly maxWait: number
}

/** A permit to give back, or what would have kept the call from being sent, or sent now. */
export interface Observed<Permit> {
  readonly permit: Permit | undefined
  readonly decision: ObservedDecision | undefined
}

/**
 * Runs an effect behind a gate.
 *
 * @internal
 */
export const effect = <Permit, A, E, Rejected, R>(
  self: Effect.Effect<A, E, R>,
  gate: Gate<Permit, A, E, Rejected>
): Effect.Effect<A, E | Rejected, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.withFiberRuntime((fiber) => {
      const clock = clockOf(fiber)
      const { circuit } = gate
      const context = fiber.currentContext as Context.Context<never>
      if (circuit !== undefined && isWithin(context, circuit.scope, circuit.key)) return restore(self)
      const holder: Holder = { running: undefined }
      const end = (permit: Permit, exit: Exit.Exit<A, E>): Effect.Effect<A, E> => {
        const released = gate.release(permit, exit, clock)
        return released === undefined ? exit : Effect.flatMap(released, () => exit)
      }
      const run = (permit: Permit): Effect.Effect<A, E, R> =>
        Effect.matchCauseEffect(
          restore(isCallbackEffect(self) ? self[CallbackTypeId](holder) : inside(self, circuit, context)),
          {
            onFailure: (cause) => {
              stopIfInterrupted(holder, cause)
              return end(permit, Exit.failCause(cause))
            },
            onSuccess: (value) => end(permit, Exit.succeed(value))
          }
        )
      const acquired = gate.acquire(restore, clock)
      if (!Effect.isEffect(acquired)) return run(acquired)
      const rejected = exitOf(acquired)
      return rejected !== undefined && Exit.isFailure(rejected)
        ? Exit.failCause(rejected.cause)
        : Effect.flatMap(acquired, run)
    })
  )

/** A gate that is entered is known to be, as long as what runs behind it does. */
const inside = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  circuit: Gate<never, A, E, never>["circuit"],
  context: Context.Context<never>
): Effect.Effect<A, E, R> => {
  if (circuit === undefined) return self
  const entry: Entry = { ...circuit, live: true }
  const entered = Effect.provideService(self, Entered, [...Context.get(context, Entered), entry])
  const leave = (): void => {
    entry.live = false
  }
  return Effect.onExit(entered, () => Effect.sync(leave))
}

/**
 * Runs a stream behind a gate, and holds the permit until the stream has closed its resources. A consumer that stops
 * early, or fails for a reason of its own, had an answer all the same, so that is a success.
 *
 * @internal
 */
export const stream = <Permit, A, E, Rejected, R>(
  self: Stream.Stream<A, E, R>,
  gate: Gate<Permit, void, E, Rejected>
): Stream.Stream<A, E | Rejected, R> =>
  Stream.unwrapScoped(
    Effect.uninterruptibleMask((restore) =>
      Effect.withFiberRuntime<Stream.Stream<A, E | Rejected, R>, Rejected, Scope.Scope>((fiber) => {
        const clock = clockOf(fiber)
        const { circuit } = gate
        const context = fiber.currentContext as Context.Context<never>
        if (circuit !== undefined && isWithin(context, circuit.scope, circuit.key)) return Effect.succeed(self)
        const entry: Entry | undefined = circuit && { ...circuit, live: true }
        let failed: Exit.Exit<never, E> | undefined
        const noted = Stream.onError(entry === undefined ? self : entered(self, entry, context), (cause) =>
          Effect.sync(() => {
            failed = Exit.failCause(cause)
          })
        )
        const hold = (permit: Permit) => {
          let held = permit
          const release = Effect.addFinalizer((closed) => {
            if (entry !== undefined) entry.live = false
            return gate.release(held, failed ?? withoutConsumer(closed), clock) ?? Effect.void
          })
          const { answered } = gate
          if (answered === undefined) return Effect.as(release, noted)
          const answer = Effect.map(
            Effect.suspend(() => answered(held)),
            (permit) => {
              held = permit
            }
          )
          return Effect.as(release, onFirst(noted, answer))
        }
        const acquired = gate.acquire(restore, clock)
        return Effect.isEffect(acquired) ? Effect.flatMap(acquired, hold) : hold(acquired)
      })
    )
  )

/** As `inside`, for the code of a stream. That of its consumer is outside. */
const entered = <A, E, R>(
  self: Stream.Stream<A, E, R>,
  entry: Entry,
  context: Context.Context<never>
): Stream.Stream<A, E, R> => Stream.provideService(self, Entered, [...Context.get(context, Entered), entry])

/** How a stream that did not fail itself ended: unless it was interrupted, it was the consumer who had enough. */
const withoutConsumer = (closed: Exit.Exit<unknown, unknown>): Exit.Exit<void> =>
  Exit.isFailure(closed) && Cause.isInterruptedOnly(closed.cause)
    ? Exit.failCause(closed.cause as Cause.Cause<never>)
    : Exit.void

const onFirst = <A, E, R>(self: Stream.Stream<A, E, R>, effect: Effect.Effect<void>): Stream.Stream<A, E, R> => {
  let first = true
  return Stream.mapChunksEffect(self, (chunk) => {
    if (!first) return Effect.succeed(chunk)
    first = false
    return Effect.as(effect, chunk)
  })
}
