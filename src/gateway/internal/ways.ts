/**
 * Whom a call asks, in which order.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type { RequestBody } from "./requestBody.js"
import type { Destination, Route, Routes } from "./routes.js"

/** A target, and the model's name there. @internal */
export interface Asking {
  readonly to: Destination
  readonly model: string
}

/** Why the request's own fallbacks cannot be asked. @internal */
export class NoFallback {
  readonly _tag = "NoFallback"
  constructor(readonly message: string) {}
}

/** The targets of the route, and then those of the models that the request itself names. @internal */
export const askings = (
  routes: Routes,
  route: Route,
  body: RequestBody,
  maySee: (model: string) => boolean
): Effect.Effect<readonly [Asking, ...ReadonlyArray<Asking>], NoFallback> => {
  const ofRoute = (route: Route, model: string) =>
    inOrder(route, (destinations) => destinations.map((to) => ({ to, model: to.model ?? model })))
  const own = ofRoute(route, body.model) as Effect.Effect<[Asking, ...Array<Asking>]>
  if (body.fallbacks.length === 0) return own
  const others = Effect.forEach(body.fallbacks, (model) => {
    if (!route.allows(model)) {
      return Effect.fail(new NoFallback(`The model ${shown(body.model)} may not fall back to ${shown(model)} here`))
    }
    const other = maySee(model) ? routes.find(route.family, model) : undefined
    return other === undefined
      ? Effect.fail(new NoFallback(`There is no model ${shown(model)} here`))
      : ofRoute(other, model)
  })
  return Effect.zipWith(own, others, ([first, ...rest], others) => [first, ...rest, ...others.flat()] as const).pipe(
    Effect.filterOrFail(
      (all) => !all.some((asking) => all.some((other) => isSameButFor(asking, other))),
      () => new NoFallback(`The model ${shown(body.model)} cannot fall back to another of its own pattern here`)
    ),
    Effect.map(([first, ...others]) => [first, ...unasked([first], others)])
  )
}

/** Models behind a pattern are one target, which is not asked twice: to leave the other out would be to say nothing of it. */
const isSameButFor = (one: Asking, other: Asking): boolean => one.to.name === other.to.name && one.model !== other.model

const shown = (model: string): string => JSON.stringify(model.slice(0, 200))

/** One name for two targets would be one circuit for both. */
const unasked = (before: ReadonlyArray<Asking>, others: ReadonlyArray<Asking>): ReadonlyArray<Asking> => {
  const names = new Set(before.map(({ to }) => to.name))
  return others.filter(({ to }) => {
    if (names.has(to.name)) return false
    names.add(to.name)
    return true
  })
}

/** What is made of the targets in their order: of those that have a weight one is drawn to be the first. */
const inOrder = <A>(
  { destinations }: Route,
  made: (destinations: ReadonlyArray<Destination>) => A
): Effect.Effect<A> => {
  const total = destinations.reduce((sum, { weight = 0 }) => sum + weight, 0)
  if (total === 0) return Effect.succeed(made(destinations))
  return Effect.map(Random.nextRange(0, total), (drawn) => {
    let below = 0
    const first = destinations.find(({ weight = 0 }) => {
      below += weight
      return drawn < below
    })
    return made(first === undefined ? destinations : [first, ...destinations.filter((other) => other !== first)])
  })
}
