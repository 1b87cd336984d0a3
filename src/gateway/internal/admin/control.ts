/**
 * The targets of a gateway as they are, and what can be done to them by hand.
 *
 * @internal
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { State } from "../../../CircuitBreaker.js"
import type { Generation } from "../generation.js"
import { NoSuchTarget, type Standing } from "./api.js"
import type { Watch } from "./watch.js"

/** @internal */
export class Control {
  /** What is held open by hand, whatever configuration is in force. */
  private readonly isolated = new Map<string, Scope.CloseableScope>()

  constructor(
    private readonly current: () => Generation,
    private readonly watch: Watch
  ) {}

  readonly state: Effect.Effect<Standing> = Effect.gen(this, function* () {
    const { resilience, routes } = this.current()
    const snapshot = yield* resilience.circuitBreaker.snapshot
    const parked = new Map(snapshot.circuits.map(({ key, parkedFor }) => [key, parkedFor]))
    const names = [...new Set(routes.all.flatMap(({ destinations }) => destinations.map(({ name }) => name)))]
    const targets = yield* Effect.forEach(names, (name) => this.target(name, parked.get(name) ?? 0))
    return { targets, happenings: this.watch.happenings }
  }).pipe(Effect.orDie)

  private target(name: string, parkedForMillis: number) {
    return Effect.gen(this, function* () {
      const { limits, resilience } = this.current()
      const { attempts, answers, failures, inFlight, queued, recent } = this.watch.of(name)
      const circuit = yield* resilience.circuitBreaker.state(name)
      const { bulkhead, rateLimit } = limits(name)
      const places = bulkhead ? yield* resilience.bulkhead.state(name) : undefined
      const left = rateLimit ? yield* resilience.rateLimit.left(name) : undefined
      return {
        name,
        ...circuitOf(circuit),
        ...(parkedForMillis > 0 && { parkedForMillis }),
        inFlight,
        queued: places?.queued ?? queued,
        ...(places !== undefined && { limit: places.limit }),
        ...(left?.requests !== undefined && { requestsLeft: left.requests }),
        ...(left?.tokens !== undefined && { tokensLeft: left.tokens }),
        attempts,
        answers,
        failures,
        recentFailures: recent
      }
    })
  }

  isolate(target: string): Effect.Effect<void, NoSuchTarget> {
    return this.with(target, ({ resilience }) =>
      Effect.suspend(() => {
        if (this.isolated.has(target)) return Effect.void
        return Effect.flatMap(Scope.make(), (scope) => {
          this.isolated.set(target, scope)
          return Scope.extend(resilience.circuitBreaker.isolate(target), scope)
        })
      })
    )
  }

  release(target: string): Effect.Effect<void, NoSuchTarget> {
    return this.with(target, () => this.ended(target))
  }

  reset(target: string): Effect.Effect<void, NoSuchTarget> {
    return this.with(target, ({ resilience }) => resilience.circuitBreaker.reset(target))
  }

  observeOnly(on: boolean, target: string | undefined): Effect.Effect<void, NoSuchTarget> {
    return target === undefined
      ? Effect.suspend(() => this.current().resilience.observeOnly(on))
      : this.with(target, ({ resilience }) => resilience.observeOnly(on, target))
  }

  /** Another configuration has other circuits. What is isolated stays so. */
  readonly moved: Effect.Effect<void> = Effect.suspend(() =>
    Effect.forEach(
      [...this.isolated.keys()],
      (target) => Effect.zipRight(this.ended(target), Effect.ignore(this.isolate(target))),
      { discard: true }
    )
  )

  private ended(target: string): Effect.Effect<void> {
    const scope = this.isolated.get(target)
    this.isolated.delete(target)
    return scope === undefined ? Effect.void : Scope.close(scope, Exit.void)
  }

  private with<E>(
    target: string,
    act: (generation: Generation) => Effect.Effect<void, E>
  ): Effect.Effect<void, NoSuchTarget> {
    return Effect.suspend(() => {
      const generation = this.current()
      const known = generation.routes.all.some(({ destinations }) => destinations.some(({ name }) => name === target))
      return known ? Effect.orDie(act(generation)) : Effect.fail(new NoSuchTarget({ target }))
    })
  }
}

const circuits = { Closed: "closed", Open: "open", HalfOpen: "half-open", Isolated: "isolated" } as const

const circuitOf = (state: State) => {
  const failed = "lastFailure" in state ? state.lastFailure : undefined
  const reason = "reason" in state ? state.reason : undefined
  const why = [reason, failed?.tag].filter((word) => word !== undefined).join(": ")
  return {
    circuit: circuits[state._tag],
    ...(why !== "" && { why }),
    ...(state._tag === "Open" && { opensAgainInMillis: Duration.toMillis(state.retryAfter) })
  }
}
