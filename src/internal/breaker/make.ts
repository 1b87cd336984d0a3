import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import { dual } from "effect/Function"
import * as PubSub from "effect/PubSub"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Gate from "../admission/gate.js"
import { failureOf } from "../errors/failureOf.js"
import { type CircuitState, type Hub, ResilienceEvent, ResilienceEvents } from "../telemetry/events.js"
import { metricTable } from "../telemetry/metricTable.js"
import { outcomeCounters } from "../telemetry/outcomeCounters.js"
import { noteInSpan } from "../telemetry/spans.js"
import { storeFailed } from "../telemetry/storeFailed.js"
import { type CircuitMetrics, circuitMetrics, labelCapacity } from "../telemetry/targetMetrics.js"
import { Gated, type Gates } from "./gated.js"
import { type Announce, gate } from "./guard.js"
import { byKey, openTimeOf, type Settings } from "./settings.js"
import type { Amendment, Change } from "./state.js"
import { StoreAccess } from "./storeAccess.js"
import { changesOf } from "./synchronousStore.js"
import type { CircuitBreaker, ExecuteOptions, Options, State, Store, Transition } from "./types.js"
import { snapshotOf, stateOf } from "./views.js"
import { WaitingCalls } from "./waitingCalls.js"

/** @internal */
export const makeBreaker = (
  store: Store,
  options: Options | ((key: string) => Options) | undefined
): Effect.Effect<CircuitBreaker, never, Scope.Scope> =>
  Effect.gen(function* () {
    const hub = yield* ResilienceEvents
    const pubsub = yield* Effect.acquireRelease(PubSub.unbounded<Transition>(), PubSub.shutdown)
    const settings = yield* byKey(options)

    const labels = yield* labelCapacity
    // A circuit is everybody's, so its series have the labels of the place where the breaker is made, not of a call.
    const tags = yield* FiberRef.get(FiberRef.currentMetricLabels)
    const metricsOf = (key: string): CircuitMetrics => circuitMetrics(key, labels, Arr.fromIterable(tags))
    const announce = announceTo(pubsub, { hub, labels, metricsOf }, new WaitingCalls())
    const listen = changesOf(store)
    if (listen !== undefined) {
      yield* Effect.acquireRelease(
        Effect.sync(() => listen(announce.told)),
        (forget) => Effect.sync(forget)
      )
    }
    const access = new StoreAccess(store)
    const gateOf = <A, E>(known: Settings, options: ExecuteOptions<A, E>) => gate(access, announce, known, options)

    const amend = (key: string, amendment: Amendment) =>
      Effect.flatMap(settings.resolve(key), ({ policy }) =>
        Effect.map(store.amend(key, policy, amendment), ({ change }) => {
          if (change !== undefined) announce.changed(key, change)
        })
      )

    const gates: Gates = (key) => Effect.map(settings.resolve(key), (found) => gateOf(found, { key }))

    const breaker: CircuitBreaker & { readonly [Gated]: Gates } = {
      [Gated]: gates,
      execute: dual(2, <A, E, R>(self: Effect.Effect<A, E, R>, options: ExecuteOptions<A, E>) => {
        const known = settings.known(options.key)
        return known === undefined
          ? Effect.flatMap(settings.resolve(options.key), (found) => Gate.effect(self, gateOf(found, options)))
          : Gate.effect(self, gateOf(known, options))
      }),
      executeStream: dual(2, <A, E, R>(self: Stream.Stream<A, E, R>, options: ExecuteOptions<void, E>) =>
        Stream.unwrap(Effect.map(settings.resolve(options.key), (found) => Gate.stream(self, gateOf(found, options))))
      ),
      state: (key) =>
        Effect.gen(function* () {
          const { policy } = yield* settings.resolve(key)
          const circuit = yield* store.state(key)
          return stateOf(key, policy, circuit, yield* Clock.currentTimeMillis)
        }),
      transitions: Stream.fromPubSub(pubsub),
      isolate: (key) =>
        Effect.asVoid(
          Effect.acquireRelease(amend(key, { _tag: "Isolate" }), () => Effect.ignore(amend(key, { _tag: "Rejoin" })))
        ),
      open: (key, duration) =>
        Effect.suspend(() => amend(key, { _tag: "Open", openFor: openTimeOf("the duration of open", duration) })),
      reset: (key) => amend(key, { _tag: "Reset" }),
      snapshot: Effect.zipWith(store.all, Clock.currentTimeMillis, snapshotOf),
      restore: ({ circuits, takenAt }) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          const passed = Math.max(0, now - takenAt)
          return Effect.forEach(
            circuits,
            ({ askedFor = 0, consecutiveOpenings, key, lastFailure, openFor, parkedFor, reason, slow, stated }) =>
              amend(key, {
                _tag: "Restore",
                openFor: Math.max(0, openFor - passed),
                openings: consecutiveOpenings,
                slow: slow === true,
                reason,
                lastFailure,
                parkedFor: Math.max(0, parkedFor - passed),
                askedFor: Math.max(0, askedFor - passed),
                stated: stated === true
              }),
            { discard: true }
          )
        })
    }
    return breaker
  })

const eventState: Readonly<Record<State["_tag"], CircuitState>> = {
  Closed: "closed",
  Open: "open",
  HalfOpen: "halfOpen",
  Isolated: "isolated"
}

/** So many circuits show in the metrics before anything happens to them; more of them only once they change. */
const shownAtRest = 100

/**
 * The metrics of a circuit that has just been used. Its two series hold several times the memory of the circuit itself
 * (`npm run bench` has both), and a monitoring system would rather not have them for each of a million keys: past the
 * first hundred, a circuit is shown when it changes. Nothing of its metrics is kept here, since changes are rare.
 */
const showAtRest = (metricsOf: (key: string) => CircuitMetrics): ((key: string) => void) => {
  const shown = new Set<string>()
  return (key) => {
    if (shown.size >= shownAtRest || shown.has(key)) return
    shown.add(key)
    metricsOf(key).exists()
  }
}

const countParked = outcomeCounters(metricTable.parked)

/** Where circuits are told of. */
interface Outlet {
  readonly hub: Hub
  readonly labels: number
  readonly metricsOf: (key: string) => CircuitMetrics
}

const announceTo = (
  pubsub: PubSub.PubSub<Transition>,
  { hub, labels, metricsOf }: Outlet,
  waiting: WaitingCalls
): Announced => {
  const tell = (key: string, { at, counts, from, openFor, openings, reason, to }: Change): void => {
    const circuit = metricsOf(key)
    circuit.exists()
    circuit.changed(eventState[to])
    const retryAfter = Duration.millis(openFor)
    pubsub.unsafeOffer({ key, from, to, retryAfter, consecutiveOpenings: openings, reason, counts })
    const states = { from: eventState[from], to: eventState[to] }
    noteInSpan("llm.circuit", at, () => ({ "llm.target": key, "llm.from": states.from, "llm.to": states.to }))
    if (hub.listening()) {
      const opened = to === "Open" ? { retryAfter, reason, counts } : {}
      hub.publish(ResilienceEvent.CircuitChanged({ at, target: key, ...states, ...opened }))
    }
  }
  return {
    waiting,
    used: showAtRest(metricsOf),
    changed: (key, change) => {
      waiting.tell(key)
      tell(key, change)
      const { reason, to } = change
      if (to === "Open" && reason !== undefined && reason !== "manual") metricsOf(key).tripped()
    },
    // What another process has opened, that one counts.
    told: (key, change) => {
      waiting.tell(key)
      if (change !== undefined) tell(key, change)
    },
    parked: (key, at, wait, error) => {
      const failure = failureOf(error)._tag
      countParked(key, failure, labels)
      noteInSpan("llm.parked", at, () => ({ "llm.target": key, "llm.wait_ms": wait, "error.type": failure }))
      if (hub.listening()) {
        hub.publish(ResilienceEvent.TargetParked({ at, target: key, wait: Duration.millis(wait), error }))
      }
    },
    storeFailed: (key, at, error) => storeFailed({ hub, labels }, { at, target: key, policy: "circuitBreaker", error })
  }
}

/** What also tells what became of a circuit without a call of this process. */
interface Announced extends Announce {
  readonly told: (key: string, change: Change | undefined) => void
}
