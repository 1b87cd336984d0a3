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

type Named = Omit<Fallback.Target<never, never, never>, "run">

type Targets<Run> = readonly [Named & { readonly run: Run }, ...ReadonlyArray<Named & { readonly run: Run }>]

/** For a turn that needs something. @internal */
export const needing = (asking: Asking, needs: ReadonlyArray<string>): Asking =>
  needs.length === 0
    ? asking
    : { ...asking, fallback: { ...asking.fallback, needs: [...(asking.fallback.needs ?? []), ...needs] } }

/** What says whom a race asks; it takes nobody's share of the time. */
const choice = ({ fallbackOn, needs, patience, sticky }: Fallback.StreamOptions) => ({
  fallbackOn,
  needs,
  patience,
  sticky
})

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
      ? Fallback.firstOf([{ ...first, run: Hedge.again(first.run, first.name, hedge) }], fallback)
      : Hedge.across([first, ...ready], { ...hedge, ...choice(fallback) })
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
      ? Fallback.firstStreamOf([{ ...first, run: Hedge.againStream(first.run, first.name, hedge) }], fallback)
      : Hedge.acrossStreams([first, ...ready], { ...hedge, ...choice(fallback) })
  return Stream.provideService(hedged, ResilienceEvents, hub)
}
