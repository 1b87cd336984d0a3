/**
 * The targets of a gateway as they are, and what can be done to them by hand.
 *
 * @internal
 */
import Process from "node:process"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { CircuitBreakerStoreError, State } from "../../../CircuitBreaker.js"
import * as PrometheusMetrics from "../../../prometheus/PrometheusMetrics.js"
import type * as SharedState from "../../../SharedState.js"
import type { Generation } from "../generation.js"
import type { Traffic } from "../onRequest.js"
import type { Standing, View } from "./api.js"
import type { Answers, Question } from "./siblings.js"
import type { Watch } from "./watch.js"

/** @internal */
export class Control {
  /** What is held open by hand, whatever configuration is in force. */
  private readonly isolated = new Map<string, Scope.CloseableScope>()
  /** What only observes by hand, whatever configuration is in force: all but those that are named, which differ. */
  private observes: boolean | undefined
  private readonly observesTarget = new Map<string, boolean>()

  constructor(
    private readonly current: () => Generation,
    private readonly watch: Watch,
    private readonly traffic: Traffic,
    private readonly shared: Effect.Effect<SharedState.Status | undefined>,
    private readonly worker: number | undefined
  ) {}

  readonly answers: Answers = ((question: Question): Effect.Effect<unknown> => {
    switch (question.ask) {
      case "state":
        return this.state
      case "metrics":
        return PrometheusMetrics.format()
      case "isolate":
        return this.with(question.target, () => this.isolate(question.target))
      case "release":
        return this.with(question.target, () => this.ended(question.target))
      case "reset":
        return this.with(question.target, ({ resilience }) => resilience.circuitBreaker.reset(question.target))
      case "observeOnly":
        return this.observeOnly(question.on, question.target)
    }
  }) as Answers

  private readonly state: Effect.Effect<Standing> = Effect.gen(this, function* () {
    const { limits, observesOnly, resilience, routes } = this.current()
    const snapshot = yield* resilience.circuitBreaker.snapshot
    const parked = new Map(snapshot.circuits.map(({ key, parkedFor }) => [key, parkedFor]))
    const names = [...new Set(routes.all.flatMap(({ destinations }) => destinations.map(({ name }) => name)))]
    const targets = yield* Effect.forEach(names, (name) => this.target(name, parked.get(name) ?? 0), {
      concurrency: "unbounded"
    })
    // Asked for last, since the questions before may have found that nobody answers.
    const shared = yield* this.shared
    const view: View = shared?.joined === true ? "shared" : "local"
    const process: Standing["processes"][number] = {
      ...(this.worker !== undefined && { worker: this.worker }),
      pid: Process.pid,
      upForMillis: Math.round(Process.uptime() * 1000),
      underWay: this.traffic.underWay,
      residentBytes: Process.memoryUsage.rss(),
      ...(shared !== undefined && { shared: sharedOf(shared) })
    }
    const observeOnly = this.observes ?? observesOnly("")
    const viewed = targets.map((target) => ({
      ...target,
      views: { circuit: view, parking: view, ...(limits(target.name).rateLimit && { limits: view }) }
    }))
    return { processes: [process], observeOnly, targets: viewed, happenings: this.watch.happenings }
  }).pipe(Effect.orDie)

  private target(name: string, parkedForMillis: number) {
    return Effect.gen(this, function* () {
      const { limits, observesOnly, resilience } = this.current()
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
        recentFailures: recent,
        observeOnly: this.observesTarget.get(name) ?? this.observes ?? observesOnly(name)
      }
    })
  }

  private isolate(target: string): Effect.Effect<void, CircuitBreakerStoreError> {
    return Effect.suspend(() => {
      if (this.isolated.has(target)) return Effect.void
      return Effect.flatMap(Scope.make(), (scope) => {
        this.isolated.set(target, scope)
        return Scope.extend(this.current().resilience.circuitBreaker.isolate(target), scope)
      })
    })
  }

  private observeOnly(on: boolean, target: string | undefined): Effect.Effect<boolean> {
    if (target !== undefined) {
      return this.with(target, ({ resilience }) => {
        this.observesTarget.set(target, on)
        return resilience.observeOnly(on, target)
      })
    }
    return Effect.suspend(() => {
      this.observesTarget.clear()
      this.observes = on
      return Effect.as(this.current().resilience.observeOnly(on), true)
    })
  }

  /** Another configuration has other circuits. What is isolated stays so, and what only observes. */
  readonly moved: Effect.Effect<void> = Effect.suspend(() => {
    const { observeOnly } = this.current().resilience
    return Effect.all(
      [
        ...[...this.isolated.keys()].map((target) =>
          Effect.zipRight(this.ended(target), Effect.ignore(this.isolate(target)))
        ),
        ...(this.observes === undefined ? [] : [observeOnly(this.observes)]),
        ...[...this.observesTarget].map(([target, on]) => observeOnly(on, target))
      ],
      { discard: true }
    )
  })

  private ended(target: string): Effect.Effect<void> {
    const scope = this.isolated.get(target)
    this.isolated.delete(target)
    return scope === undefined ? Effect.void : Scope.close(scope, Exit.void)
  }

  /** Whether there is such a target, once that is done to it. */
  private with<E>(target: string, act: (generation: Generation) => Effect.Effect<void, E>): Effect.Effect<boolean> {
    return Effect.suspend(() => {
      const generation = this.current()
      const known = generation.routes.all.some(({ destinations }) => destinations.some(({ name }) => name === target))
      return known ? Effect.as(Effect.orDie(act(generation)), true) : Effect.succeed(false)
    })
  }
}

const sharedOf = ({ awayFor, joined, lastHeard }: SharedState.Status) => ({
  joined,
  ...(awayFor !== undefined && { aloneForMillis: Duration.toMillis(awayFor) }),
  ...(lastHeard !== undefined && { lastHeardMillisAgo: Duration.toMillis(lastHeard) })
})

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
