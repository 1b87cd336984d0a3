/**
 * The routes of a configuration: from the name of a model to the targets that serve it.
 *
 * @internal
 */

import type { Family } from "../../http/internal/apis.js"
import type { AttemptSettings } from "../../http/internal/attempts.js"
import type * as Resilience from "../../Resilience.js"
import type { Config, Delivery, Route as GivenRoute, Target as GivenTarget } from "./config/schema.js"
import { fits, isPattern } from "./namePattern.js"
import { fallbackOn, policyOf, targetPolicy } from "./policies.js"
import type { Upstream } from "./upstreams.js"

/** @internal */
export interface Destination {
  /** Its name for the policies: `openai/gpt-5`. */
  readonly name: string
  readonly upstream: Upstream
  /** Left out, the name that was asked for. */
  readonly model: string | undefined
  readonly contextWindow: number | undefined
  readonly capabilities: ReadonlyArray<string> | undefined
  readonly weight: number | undefined
}

/** @internal */
export interface Route {
  readonly model: string
  readonly family: Family
  readonly destinations: readonly [Destination, ...ReadonlyArray<Destination>]
  /** Whether a request may name this model to turn to. */
  readonly allows: (fallback: string) => boolean
  readonly settings: Pick<AttemptSettings, "delivery" | "own" | "walk">
  /** Whether any target states what it can do, so that what a call needs is worth a look. */
  readonly states: boolean
}

/** @internal */
export interface Routes {
  readonly find: (family: Family, model: string) => Route | undefined
  readonly all: ReadonlyArray<Route>
}

/** @internal */
export const routesOf = (config: Config, upstreams: ReadonlyMap<string, Upstream>): Routes => {
  const all = config.routes.map((route) => routeOf(route, upstreams, config.delivery))
  const exact = new Map(all.filter(({ model }) => !isPattern(model)).map((route) => [keyOf(route), route]))
  const patterns = all
    .filter(({ model }) => isPattern(model))
    .sort((one, other) => other.model.length - one.model.length)
    .map((route) => ({ route, isFor: fits(route.model) }))
  return {
    all,
    find: (family, model) =>
      exact.get(keyOf({ family, model })) ??
      patterns.find(({ isFor, route }) => route.family === family && isFor(model))?.route
  }
}

/** What is different for the targets of a configuration, by their names. @internal */
export const targetPolicies = (config: Config): Record<string, Resilience.TargetOptions> =>
  Object.fromEntries(
    config.routes.flatMap((route) =>
      route.targets.map((target) => [
        nameOf(route, target),
        // What the schema has read is there.
        targetPolicy(config.upstreams[target.upstream] as Config["upstreams"][string], target)
      ])
    )
  )

/** Models behind one pattern are one target of each upstream: how many names callers make up decides nothing. @internal */
export const nameOf = (route: GivenRoute, target: GivenTarget): string =>
  `${target.upstream}/${target.model ?? route.model}`

const keyOf = ({ family, model }: { readonly family: Family; readonly model: string }): string => `${family} ${model}`

const routeOf = (given: GivenRoute, upstreams: ReadonlyMap<string, Upstream>, general?: Delivery): Route => {
  const [first, ...others] = given.targets
  const destination = (target: GivenTarget): Destination => ({
    name: nameOf(given, target),
    upstream: upstreams.get(target.upstream) as Upstream,
    model: target.model ?? (isPattern(given.model) ? undefined : given.model),
    contextWindow: target.contextWindow,
    capabilities: target.capabilities,
    weight: target.weight
  })
  const destinations = [destination(first), ...others.map(destination)] as const
  const { fallbacks = false, policy = {} } = given
  const { fallbackOn: _, patience, ...own } = policy
  return {
    model: given.model,
    family: destinations[0].upstream.family,
    destinations,
    allows: (model) => (typeof fallbacks === "boolean" ? fallbacks : fallbacks.includes(model)),
    states: given.targets.some(({ capabilities }) => capabilities !== undefined),
    settings: {
      delivery: given.delivery ?? general ?? "incremental",
      own: Object.keys(own).length === 0 ? undefined : policyOf(own),
      walk: { fallbackOn: fallbackOn(policy), patience }
    }
  }
}
