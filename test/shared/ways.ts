/** Instances that share circuits in virtual time, each with a way of its own to the place, on which answers can be lost. */
import { Context, Effect, Exit, Layer, Scope } from "effect"
import { CircuitBreaker, SharedState } from "effect-resilience"

/** Of a change of a circuit: whether it is made, and after how many milliseconds its answer is known to be lost. */
export interface Loss {
  readonly made: boolean
  readonly after: number
}

export interface Way {
  readonly backend: SharedState.Backend
  /** What becomes of the next changes of circuits. */
  readonly losses: Array<Loss>
  /** What circuits were changed to, with who is told of it. */
  readonly changes: Array<SharedState.Swap["tell"]>
  answers: boolean
  /** How long an answer takes. */
  millis: number
}

const fails = Effect.fail(new SharedState.SharedStateError({ message: "the answer is lost" }))

/** To a place whose clock is so many milliseconds ahead. */
export const wayTo = (place: SharedState.Backend, ahead = 0): Way => {
  const asked = <A extends SharedState.Kept>(command: Effect.Effect<A, SharedState.SharedStateError>) =>
    Effect.suspend(() => {
      if (!way.answers) return fails
      const told = Effect.map(command, (kept) => ({ ...kept, now: kept.now + ahead }))
      return way.millis > 0 ? Effect.zipLeft(Effect.delay(told, way.millis / 2), Effect.sleep(way.millis / 2)) : told
    })
  const way: Way = {
    losses: [],
    changes: [],
    answers: true,
    millis: 0,
    backend: {
      listen: place.listen,
      read: (key) => asked(place.read(key)),
      swap: (key, swap) =>
        Effect.suspend(() => {
          const change = asked(place.swap(key, { ...swap, at: swap.at - ahead }))
          if (!key.startsWith("circuit/")) return change
          way.changes.push(swap.tell)
          const loss = way.losses.shift()
          if (loss === undefined) return change
          const lost = Effect.delay(fails, loss.after)
          return loss.made ? Effect.zipRight(change, lost) : lost
        })
    }
  }
  return way
}

export const key = "a"

export const instance = (way: Way, options: CircuitBreaker.Options, shared?: SharedState.Options) =>
  Effect.gen(function* () {
    const scope = yield* Effect.acquireRelease(Scope.make(), (made) => Scope.close(made, Exit.void))
    const context = yield* Layer.build(
      CircuitBreaker.layer(options).pipe(
        Layer.provideMerge(SharedState.layer(Effect.succeed(way.backend), shared)),
        Layer.fresh
      )
    ).pipe(Scope.extend(scope))
    const breaker = Context.get(context, CircuitBreaker.CircuitBreaker)
    return {
      way,
      breaker,
      call: <A, E>(what: Effect.Effect<A, E>) => Effect.exit(what.pipe(breaker.execute({ key }))),
      phase: Effect.map(breaker.state(key), ({ _tag }) => _tag),
      stop: Scope.close(scope, Exit.void)
    }
  })
