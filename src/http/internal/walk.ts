/**
 * Which of a request's targets is asked, and when the next one is.
 *
 * @internal
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import * as Firsts from "../../Fallback.js"
import * as Hedge from "../../Hedge.js"
import { firstOf as walkOf } from "../../internal/fallback/walk.js"
import { inContext as changed } from "../../internal/fiber/inContext.js"
import { inContext } from "../../internal/stream/fromTake.js"
import { hubOf } from "../../internal/telemetry/hubOf.js"
import * as underDeadline from "../../internal/time/announcedDeadline.js"
import type { Resilience } from "../../Resilience.js"
import { type Hub, ResilienceEvents } from "../../ResilienceEvent.js"

/** @internal */
export interface WalkSettings {
  /** When the next target is asked. */
  readonly walk?: Firsts.Options & Firsts.StreamOptions
  /** When it is asked beside one that is late. */
  readonly across?: Hedge.Options | undefined
}

interface Named {
  readonly name: string
  readonly contextWindow?: number | undefined
  readonly capabilities?: ReadonlyArray<string> | undefined
}

type Ways<Way extends Named> = readonly [Way, ...ReadonlyArray<Way>]
type Policies = Context.Tag.Service<Resilience>

/** The first answer, within the one deadline that a call has. @internal */
export const firstOf = <Way extends Named, A, E, R>(
  policies: Policies,
  ways: Ways<Way>,
  run: (way: Way) => Effect.Effect<A, E, R>,
  { across, walk }: WalkSettings
): Effect.Effect<A, unknown, R> => {
  if (ways.length === 1) return run(ways[0])
  const { deadline } = policies
  const asked =
    across === undefined
      ? (walkOf(targetsOf(ways, run), walk ?? {}, deadline) as Effect.Effect<A, unknown, R>)
      : underDeadline.effect(Hedge.across(targetsOf(ways, run), across), deadline)
  const hub = hubIn(policies)
  return hub === undefined ? asked : changed(asked, (context: Context.Context<R>) => heardBy(hub, context))
}

/** The first stream that gives content. @internal */
export const firstStreamOf = <Way extends Named, A, E, R>(
  policies: Policies,
  ways: Ways<Way>,
  run: (way: Way) => Stream.Stream<A, E, R>,
  { across, walk }: WalkSettings
): Stream.Stream<A, unknown, R> => {
  if (ways.length === 1) return run(ways[0])
  const asked =
    across === undefined
      ? Firsts.firstStreamOf(targetsOf(ways, run), walk)
      : Hedge.acrossStreams(targetsOf(ways, run), across)
  const hub = hubIn(policies)
  const told = hub === undefined ? asked : inContext(asked, (context: Context.Context<R>) => heardBy(hub, context))
  return underDeadline.stream(told, policies.deadline)
}

/** What the walk does is told where the policies tell what they do. */
const hubIn = (policies: Policies): Hub | undefined => hubOf(policies) as Hub | undefined

const heardBy = <R>(hub: Hub, context: Context.Context<R>): Context.Context<R> =>
  Context.get(context, ResilienceEvents) === hub ? context : Context.add(context, ResilienceEvents, hub)

const targetsOf = <Way extends Named, Run>([first, ...others]: Ways<Way>, run: (way: Way) => Run) => {
  const target = (way: Way) => {
    const { capabilities, contextWindow, name } = way
    return { name, capabilities, contextWindow, run: run(way) }
  }
  return [target(first), ...others.map(target)] as const
}
