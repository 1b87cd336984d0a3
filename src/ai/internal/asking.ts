/**
 * How a turn's targets are asked: one after the other, or the next one also when an answer is late.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Fallback from "../../Fallback.js"
import * as Hedge from "../../Hedge.js"
import { type Hub, ResilienceEvents } from "../../ResilienceEvent.js"

/** @internal */
export interface Asking {
  readonly fallback: Fallback.StreamOptions
  readonly hedge: Hedge.AgainOptions | undefined
  readonly hub: Hub
  /** Whether a target would take a call now. */
  readonly isReady: (name: string) => Effect.Effect<boolean>
}

interface Named {
  readonly name: string
  readonly contextWindow?: number | undefined
}

type Targets<Run> = readonly [Named & { readonly run: Run }, ...ReadonlyArray<Named & { readonly run: Run }>]

/** @internal */
export const firstOf = <A, E, R>(
  { fallback, hedge, hub, isReady }: Asking,
  targets: Targets<Effect.Effect<A, E, R>>
): Effect.Effect<A, unknown, R> => {
  if (hedge === undefined) return Fallback.firstOf(targets, fallback)
  const [first, ...others] = targets
  const ready = others.map((target) => ({ ...target, ready: isReady(target.name) }))
  const hedged =
    others.length === 0
      ? Hedge.again(first.run, first.name, hedge)
      : Hedge.across([first, ...ready], { ...hedge, fallbackOn: fallback.fallbackOn })
  return Effect.provideService(hedged, ResilienceEvents, hub)
}

/** @internal */
export const firstStreamOf = <A, E, R>(
  { fallback, hedge, hub, isReady }: Asking,
  targets: Targets<Stream.Stream<A, E, R>>
): Stream.Stream<A, unknown, R> => {
  if (hedge === undefined) return Fallback.firstStreamOf(targets, fallback)
  const [first, ...others] = targets
  const ready = others.map((target) => ({ ...target, ready: isReady(target.name) }))
  const hedged =
    others.length === 0
      ? Hedge.againStream(first.run, first.name, hedge)
      : Hedge.acrossStreams([first, ...ready], { ...hedge, fallbackOn: fallback.fallbackOn })
  return Stream.provideService(hedged, ResilienceEvents, hub)
}
