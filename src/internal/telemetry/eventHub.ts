import type * as Chunk from "effect/Chunk"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { identity } from "effect/Function"
import * as MutableQueue from "effect/MutableQueue"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import { CurrentAttempt } from "../call/currentAttempt.js"
import { invalid } from "../options/check.js"
import { CorrelationId } from "./correlation.js"
import { DecidingCall, decidingCall, Operation } from "./operation.js"

/** @internal */
export interface EventHub<Event> {
  /** False while nobody listens, so that a policy need not even build the event. */
  readonly listening: () => boolean
  /** Never waits and never fails. */
  readonly publish: (event: Event) => void
  readonly subscribe: Effect.Effect<Queue.Dequeue<Event>, never, Scope.Scope>
  /**
   * Calls the listener with each event as it is published, within the call that it is about: so it misses none, and has to
   * be quick. What it throws, or its promise is rejected with, is nobody's concern.
   */
  readonly listen: (listener: (event: Event) => void) => Effect.Effect<void, never, Scope.Scope>
}

/**
 * What one reader has not read yet. It always takes another event, and drops its oldest one for it.
 *
 * A sliding `PubSub` or `Queue` would drop the newest when it is filled from outside of an effect, and a `PubSub` would
 * keep one buffer for all readers.
 */
class Unread<Event> implements Queue.BackingQueue<Event> {
  readonly [Queue.BackingQueueTypeId] = { _A: identity }
  readonly #events: MutableQueue.MutableQueue<Event>

  constructor(capacity: number) {
    this.#events = MutableQueue.bounded(capacity)
  }
  offer(event: Event): boolean {
    if (MutableQueue.isFull(this.#events)) MutableQueue.poll(this.#events, undefined)
    return MutableQueue.offer(this.#events, event)
  }
  offerAll(events: Iterable<Event>): Chunk.Chunk<Event> {
    for (const event of events) this.offer(event)
    return MutableQueue.pollUpTo(this.#events, 0)
  }
  poll<Default>(otherwise: Default): Event | Default {
    return MutableQueue.poll(this.#events, otherwise)
  }
  pollUpTo(limit: number): Chunk.Chunk<Event> {
    return MutableQueue.pollUpTo(this.#events, limit)
  }
  capacity(): number {
    return MutableQueue.capacity(this.#events)
  }
  length(): number {
    return MutableQueue.length(this.#events)
  }
}

/**
 * The event, with what the fiber says whom it works for, and for which call and answer. Read here, so that no policy has
 * to hand it on, and only while somebody listens. What a timer does outside of any fiber is nobody's.
 */
const related = <Event extends object>(event: Event): Event => {
  const fiber = Option.getOrUndefined(Fiber.getCurrentFiber())
  if (fiber === undefined) return event
  const context = fiber.currentContext as Context.Context<never>
  const known: Relations = event
  const correlation = known.correlation ?? Context.get(context, CorrelationId)
  const operation = known.operation ?? Context.get(context, Operation)
  const call =
    known.call ?? decidingCall() ?? Context.get(context, DecidingCall) ?? Context.get(context, CurrentAttempt)?.call
  if (correlation === known.correlation && operation === known.operation && call === known.call) return event
  return Data.struct({
    ...event,
    ...(correlation !== undefined && { correlation }),
    ...(operation !== undefined && { operation }),
    ...(call !== undefined && { call })
  })
}

interface Relations {
  readonly correlation?: string | undefined
  readonly operation?: number | undefined
  readonly call?: number | undefined
}

/**
 * Hands each event to every reader there is, within the call of `publish`.
 *
 * @internal
 */
export const makeHub = <Event extends object>(capacity: number): Effect.Effect<EventHub<Event>, never, Scope.Scope> =>
  Effect.suspend(() => {
    if (!Number.isInteger(capacity) || capacity < 1) {
      throw invalid("ResilienceEvent.layer", "capacity", capacity, "a whole number of events, at least 1")
    }
    const readers = new Set<Queue.Queue<Event>>()
    const listeners = new Set<(event: Event) => void>()
    const leave = (reader: Queue.Queue<Event>) =>
      Effect.suspend(() => {
        readers.delete(reader)
        return Queue.shutdown(reader)
      })
    const queue = Effect.suspend(() => Queue.make<Event>(new Unread(capacity), Queue.slidingStrategy<Event>()))
    const join = Effect.tap(queue, (reader) => Effect.sync(() => readers.add(reader)))
    const hub: EventHub<Event> = {
      listening: () => readers.size > 0 || listeners.size > 0,
      publish: (event) => {
        if (readers.size === 0 && listeners.size === 0) return
        const told = related(event)
        for (const reader of readers) {
          // Whoever has shut its own queue down reads no more.
          if (!reader.unsafeOffer(told)) readers.delete(reader)
        }
        for (const listener of listeners) {
          try {
            const answer: unknown = listener(told)
            // A promise that nobody takes would end the process.
            if (answer instanceof Promise) answer.catch(() => {})
          } catch {}
        }
      },
      subscribe: Effect.acquireRelease(join, leave),
      listen: (listener) =>
        Effect.asVoid(
          Effect.acquireRelease(
            Effect.sync(() => listeners.add(listener)),
            () => Effect.sync(() => listeners.delete(listener))
          )
        )
    }
    return Effect.acquireRelease(Effect.succeed(hub), () => {
      listeners.clear()
      return Effect.forEach(readers, leave, { discard: true })
    })
  })
