/**
 * State that several processes share: circuits, parking and limits, so that a fleet learns of an outage once, leaves a
 * target alone together, and spends one limit and not one for each process.
 *
 * On a healthy day nobody is asked: a call is judged by what its process knows, and what it has seen is told to the
 * others a little later. Only who would probe an open circuit, or needs another part of a limit, has to ask. Where nobody
 * answers, calls go on with what their process knows, and one call waits for it once, for `patience` at most.
 *
 * `RedisSharedState` shares through Redis. Another place can be written as a `Backend`.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { CircuitBreakerStore } from "./CircuitBreaker.js"
import { boundsOf } from "./internal/keyed/boundedMap.js"
import { RateLimitStore } from "./internal/load/rateLimit.js"
import { finiteMillis, number } from "./internal/options/check.js"
import { refuseUnknown, sharedStateOptions } from "./internal/options/names.js"
import type { Backend } from "./internal/shared/backend.js"
import { sharedBudget } from "./internal/shared/budget.js"
import { SharedCircuits } from "./internal/shared/circuits.js"
import { SharedLimits } from "./internal/shared/limits.js"
import { Link } from "./internal/shared/link.js"
import { memoryBackend } from "./internal/shared/memoryBackend.js"
import type { Options } from "./internal/shared/options.js"
import { ResilienceEvent, ResilienceEvents } from "./internal/telemetry/events.js"
import { metricTable } from "./internal/telemetry/metricTable.js"
import { gauge } from "./internal/telemetry/series.js"
import { storeFailed } from "./internal/telemetry/storeFailed.js"
import { labelCapacity } from "./internal/telemetry/targetMetrics.js"
import { RetryBudgetStore } from "./RetryBudget.js"

export {
  type Backend,
  type Kept,
  type Listener,
  SharedStateError,
  type Swap,
  type Swapped
} from "./internal/shared/backend.js"
export type { Options } from "./internal/shared/options.js"

/**
 * How it is with what is shared, as this process sees it.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Status {
  /** Whether it answers. If not, calls go on with what this process knows. */
  readonly joined: boolean
  /** For how long it has not answered. */
  readonly awayFor: Duration.Duration | undefined
  /** How long ago it last answered, or told something, which is long ago where nothing happens; if it ever did. */
  readonly lastHeard: Duration.Duration | undefined
  /** How often this process has asked for something since it started, and how often it was told something. */
  readonly commands: number
  readonly told: number
}

interface Service {
  readonly status: Effect.Effect<Status>
  /** Tells the others at once what would be told a little later, and waits until that is done. */
  readonly flush: Effect.Effect<void>
}

/**
 * The state this process shares.
 *
 * @since 0.1.0
 * @category Service
 */
export class SharedState extends Context.Tag("effect-resilience/SharedState")<SharedState, Service>() {}

/**
 * A backend in memory: what several layers share in one process, as in a test of several instances.
 *
 * @since 0.1.0
 * @category Backends
 */
export const makeMemoryBackend: Effect.Effect<Backend> = memoryBackend

/**
 * The stores of circuits, limits and retry budgets, over a backend. `RateLimit` and `SpendLimit` have the same one.
 *
 * @since 0.1.0
 * @category Layers
 */
export const layer = (
  backend: Effect.Effect<Backend, never, Scope.Scope>,
  options: Options = {}
): Layer.Layer<SharedState | CircuitBreakerStore | RateLimitStore | RetryBudgetStore> =>
  Layer.scopedContext(make(backend, options))

const make = (
  backend: Effect.Effect<Backend, never, Scope.Scope>,
  options: Options
): Effect.Effect<
  Context.Context<SharedState | CircuitBreakerStore | RateLimitStore | RetryBudgetStore>,
  never,
  Scope.Scope
> =>
  Effect.gen(function* () {
    const where = "SharedState"
    refuseUnknown(where, "", options, sharedStateOptions)
    const hub = yield* ResilienceEvents
    const labels = yield* labelCapacity
    const { name = "shared" } = options
    const shareAlone = number(where, "shareAlone", options.shareAlone ?? 0.1, 0, 1)
    const joined = gauge(metricTable.sharedStateJoined, name)
    // A process that has nobody to share with from the first is alone as well.
    joined.unsafeUpdate(0, [])
    const bounds = boundsOf(where, options)
    const flushing = {
      soon: finiteMillis(where, "flushEvery", options.flushEvery ?? 50),
      late: finiteMillis(where, "flushSuccessesEvery", options.flushSuccessesEvery ?? "10 seconds"),
      many: 200
    }
    const link = yield* Link.make({
      backend: yield* backend,
      patience: finiteMillis(where, "patience", options.patience ?? 50),
      report: {
        lost: (at, error) => {
          joined.unsafeUpdate(0, [])
          storeFailed({ hub, labels }, { at, target: name, policy: "sharedState", error })
        },
        joined: (at, away) => {
          joined.unsafeUpdate(1, [])
          if (away === undefined || !hub.listening()) return
          hub.publish(
            ResilienceEvent.StoreRejoined({ at, target: name, policy: "sharedState", away: Duration.millis(away) })
          )
        }
      }
    })
    const circuits = yield* SharedCircuits.make(link, flushing, bounds)
    const limits = yield* SharedLimits.make(link, bounds, shareAlone)
    const status = Effect.sync((): Status => {
      const { awaySince, heardAt } = link
      return {
        joined: link.joined,
        awayFor: awaySince === undefined ? undefined : Duration.millis(link.now - awaySince),
        lastHeard: heardAt === undefined ? undefined : Duration.millis(link.now - heardAt),
        commands: link.asked,
        told: link.told
      }
    })
    return Context.make(SharedState, { status, flush: circuits.settled }).pipe(
      Context.add(CircuitBreakerStore, circuits.store),
      Context.add(RateLimitStore, limits.store),
      Context.add(RetryBudgetStore, { make: (settings) => sharedBudget(limits, settings) })
    )
  })
