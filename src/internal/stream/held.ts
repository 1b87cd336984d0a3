import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"

/**
 * What is held as long as a scope. As `Effect.acquireRelease`, for what asks nothing of the fiber that lets go of it: that
 * fiber is not put into the state of the one that took hold, which costs more than most of what is held here.
 *
 * @internal
 */
export const held = <A, E, R>(
  acquire: Effect.Effect<A, E, R>,
  release: (held: A) => Effect.Effect<void>
): Effect.Effect<A, E, R | Scope.Scope> =>
  Effect.uninterruptible(
    Effect.flatMap(Effect.scope, (scope) =>
      Effect.flatMap(acquire, (held) =>
        Effect.as(Scope.addFinalizer(scope, Effect.uninterruptible(Effect.suspend(() => release(held)))), held)
      )
    )
  )
