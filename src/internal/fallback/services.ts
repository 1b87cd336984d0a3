/**
 * Several layers of one service, asked as the targets of a walk.
 *
 * @internal
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Stream from "effect/Stream"
import type { AllTargetsFailed } from "../errors/rejection.js"
import { aLayer, checkTargets } from "./targets.js"
import type { Options, StreamOptions, Target } from "./types.js"
import { firstOf, firstStreamOf } from "./walk.js"

/**
 * One way to have a service: a name, and the layer that makes it.
 *
 * @since 0.1.0
 * @category Services
 */
export interface ServiceTarget<I, E, R> extends Omit<Target<never, never, never>, "run"> {
  readonly layer: Layer.Layer<I, E, R>
}

/**
 * A service of which there are several, to be asked in order.
 *
 * @since 0.1.0
 * @category Services
 */
export interface Services<S> {
  /** `firstOf` over the services. `use` is told which of them it uses, so that each call passes its target's policies. */
  readonly ask: <A, E, R>(
    use: (service: S, target: string) => Effect.Effect<A, E, R>,
    options?: Options
  ) => Effect.Effect<A, E | AllTargetsFailed, R>
  /** `firstStreamOf` over the services. */
  readonly askStream: <A, E, R>(
    use: (service: S, target: string) => Stream.Stream<A, E, R>,
    options?: StreamOptions
  ) => Stream.Stream<A, E | AllTargetsFailed, R>
}

/** @internal */
export type AnyService<I> = ServiceTarget<I, unknown, unknown>

/** @internal */
export const services = <I, S>(
  tag: Context.Tag<I, S>,
  targets: ReadonlyArray<AnyService<I>>
): Effect.Effect<Services<S>, unknown, unknown> => {
  checkTargets("Fallback.services", targets, aLayer("layer"))
  const build = (target: AnyService<I>) =>
    Effect.map(Layer.build(target.layer), (context) => ({ ...target, service: Context.get(context, tag) }))
  return Effect.map(Effect.forEach(targets, build), (built): Services<S> => {
    const running = <Run>(use: (service: S, target: string) => Run) =>
      built.map(({ service, ...target }) => ({ ...target, run: use(service, target.name) }))
    return {
      ask: (use, options = {}) => firstOf(running(use), options) as never,
      askStream: (use, options = {}) => firstStreamOf(running(use), options as Options) as never
    }
  })
}
