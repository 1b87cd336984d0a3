/**
 * The gates of one target as one, in the one order there is:
 *
 *   circuit and parking looked at > ramp up > bulkhead or adaptive limit > rate limit > budget > permit of the circuit
 *
 * What is open rejects before anything queues, and its permit is taken last, so that no probe waits in a queue. What was
 * taken before a late rejection goes back as if it had never been asked for.
 *
 * @internal
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { CircuitGate, Passage, TargetGate } from "../breaker/gated.js"
import { bulkheadFull } from "../breaker/rejected.js"
import { exitOf } from "../fiber/exitOf.js"
import type { ObservedDecision } from "../observe/decision.js"
import type { Observed, Restore } from "./gate.js"

/** The limits of a target, as far as it has any. @internal */
export interface Limits {
  /** Coming back gradually. */
  readonly rampUp: TargetGate | undefined
  /** A bulkhead, or a limit that finds itself. */
  readonly concurrency: TargetGate | undefined
  readonly rate: TargetGate | undefined
  readonly spend: TargetGate | undefined
}

/** A circuit without limits is itself, and costs what it did. @internal */
export const inOrder = (circuit: CircuitGate | undefined, limits: Limits): TargetGate | undefined => {
  const { concurrency, rampUp, rate, spend } = limits
  const around = [rampUp, concurrency, rate, spend].filter((gate) => gate !== undefined)
  const last = circuit as unknown as TargetGate | undefined
  if (around.length === 0) return last
  const alone = chain(around, undefined)
  return last === undefined ? alone : { ...chain([...around, last], last), withinCircuit: alone }
}

type Acquired = ReturnType<TargetGate["acquire"]>
type Rejected = Effect.Effect.Error<Extract<Acquired, Effect.Effect<unknown, unknown>>>

/** Permits in the order of their gates. */
type Permits = Array<Passage | undefined>

const chain = (gates: ReadonlyArray<TargetGate>, circuit: TargetGate | undefined): TargetGate => {
  const acquireFrom = (index: number, permits: Permits, restore: Restore, clock: Clock.Clock): Acquired => {
    for (let i = index; i < gates.length; i++) {
      const acquired = gates[i]!.acquire(restore, clock)
      if (!Effect.isEffect(acquired)) {
        permits.push(acquired)
        continue
      }
      if (permits.length === 0 && isRejected(acquired)) return acquired
      return Effect.matchCauseEffect(acquired, {
        onFailure: (cause) =>
          Effect.zipRight(giveBack(permits, notSent, clock) ?? Effect.void, Effect.failCause(cause)),
        onSuccess: (permit) => {
          permits.push(permit)
          return toEffect(acquireFrom(i + 1, permits, restore, clock))
        }
      })
    }
    return asPassage(permits)
  }

  const giveBack = (permits: Permits, exit: Exit.Exit<unknown, unknown>, clock: Clock.Clock) => {
    let released: Effect.Effect<void> | undefined
    for (let i = permits.length - 1; i >= 0; i--) {
      const permit = permits[i]
      const one = permit === undefined ? undefined : gates[i]!.release(permit, exit, clock)
      if (one !== undefined) released = released === undefined ? one : Effect.ensuring(released, one)
    }
    return released
  }

  /** Of a call that goes on anyway: the circuit first, which would have been looked at, then each as it would have come. */
  const observeAll = (clock: Clock.Clock, left: number): Effect.Effect<Observed<Passage>> =>
    Effect.gen(function* () {
      const permits: Permits = []
      let decision: ObservedDecision | undefined
      for (const i of circuit === undefined ? gates.keys() : [last, ...gates.keys()].slice(0, -1)) {
        const observed = yield* gates[i]!.observe?.(clock, left) ?? throughOpen
        permits[i] = observed.permit
        decision = longer(decision, observed.decision)
        if (decision?.action === "reject") {
          yield* giveBack(permits, notSent, clock) ?? Effect.void
          return { permit: undefined, decision }
        }
      }
      return { permit: asPassage(permits), decision }
    })

  const askFirst = circuit?.look
  const last = gates.length - 1
  const answering = gates.flatMap((gate, i) => (gate.answered === undefined ? [] : [[i, gate.answered] as const]))
  return {
    circuit: circuit?.circuit,
    outlook: circuit?.outlook,
    acquire: (restore, clock) => {
      const looked = askFirst?.(restore, clock)
      if (looked === undefined) return acquireFrom(0, [], restore, clock)
      return isRejected(looked)
        ? (looked as Effect.Effect<never, Rejected>)
        : Effect.flatMap(looked, () => toEffect(acquireFrom(0, [], restore, clock)))
    },
    release: (passage, exit, clock) => giveBack(permitsOf(passage), exit, clock),
    observe: observeAll,
    answered:
      answering.length === 0
        ? undefined
        : (passage) => {
            const permits = permitsOf(passage)
            const each = Effect.forEach(
              answering,
              ([i, answered]) =>
                Effect.map(answered(permits[i]), (permit) => {
                  permits[i] = permit
                }),
              { discard: true }
            )
            return Effect.as(each, passage)
          }
  }
}

/** The whole wait is not known where calls would have waited one after the other; the longest of them is told. */
const longer = (one: ObservedDecision | undefined, other: ObservedDecision | undefined) =>
  one === undefined || other?.action === "reject" || Duration.greaterThan(waitOf(other), waitOf(one))
    ? (other ?? one)
    : one

const waitOf = (decision: ObservedDecision | undefined): Duration.Duration => decision?.wait ?? Duration.zero

/** A gate that has nothing to say of calls that are only observed. */
const throughOpen: Effect.Effect<Observed<Passage | undefined>> = Effect.succeed({
  permit: undefined,
  decision: undefined
})

const isRejected = (acquired: Effect.Effect<unknown, unknown>): boolean => {
  const known = exitOf(acquired)
  return known !== undefined && Exit.isFailure(known)
}

const toEffect = (acquired: Acquired): Effect.Effect<Passage | undefined, Rejected> =>
  Effect.isEffect(acquired) ? acquired : Effect.succeed(acquired)

const asPassage = (permits: Permits): Passage => permits as unknown as Passage

const permitsOf = (passage: Passage | undefined): Permits => (passage ?? []) as unknown as Permits

/** How a call looks to a gate that let it in, if another one then did not: nothing was sent. */
const notSent: Exit.Exit<never, unknown> = Exit.fail(bulkheadFull("", 0, 0))
