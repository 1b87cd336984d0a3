/**
 * The configuration in force, and how another one takes its place while calls are under way.
 *
 * @internal
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { InvalidConfig } from "./config/invalid.js"
import type { Config } from "./config/schema.js"
import { type Generation, generation } from "./generation.js"
import type { Stores } from "./stores.js"

/** @internal */
export interface Generations {
  readonly current: () => Generation
  /** What cannot be carried out changes nothing. What circuits and parking have learnt goes on. */
  readonly reload: (config: Config) => Effect.Effect<void, InvalidConfig>
}

interface Kept {
  readonly generation: Generation
  readonly scope: Scope.CloseableScope
}

/** @internal */
export const generations = (
  config: Config,
  { context: stored, shared }: Stores
): Effect.Effect<Generations, InvalidConfig, Scope.Scope> =>
  Effect.gen(function* () {
    const context = Context.merge(yield* Effect.context<never>(), stored)
    const made = (config: Config): Effect.Effect<Kept, InvalidConfig> =>
      Effect.flatMap(Scope.make(), (scope) =>
        Scope.extend(generation(config), scope).pipe(
          Effect.map((generation) => ({ generation, scope })),
          Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause))),
          Effect.provide(context)
        )
      )
    let kept = yield* made(config)
    yield* Effect.addFinalizer((exit) => Scope.close(kept.scope, exit))
    const oneAtATime = yield* Effect.makeSemaphore(1)
    const reload = (config: Config) =>
      Effect.gen(function* () {
        const next = yield* made(config)
        const before = kept
        if (!shared) {
          const known = yield* Effect.orDie(before.generation.resilience.circuitBreaker.snapshot)
          yield* Effect.orDie(next.generation.resilience.circuitBreaker.restore(known))
        }
        kept = next
        yield* Effect.forkDaemon(Effect.zipRight(before.generation.calls.none, Scope.close(before.scope, Exit.void)))
      }).pipe(oneAtATime.withPermits(1), Effect.uninterruptible)
    return { current: () => kept.generation, reload }
  })
