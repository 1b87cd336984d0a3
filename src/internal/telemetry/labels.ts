/**
 * Which names have a metric label of their own. Effect's registry is one for the process and forgets no series, so the
 * names are counted for the process too, whatever layers come and go; what comes after them shares one label.
 *
 * @internal
 */
import * as Context from "effect/Context"
import { globalValue } from "effect/GlobalValue"

/**
 * How many targets have metric series of their own, and how many circuits, in the whole process. Default 1000. Effect's
 * registry forgets no series, even if the layer that counted in them is closed; so whichever names come after these share
 * the label `other`. The targets that the options of `Resilience` name come first.
 *
 * It is read when policies are made.
 *
 * @example
 * ```ts
 * import { Layer } from "effect"
 * import { Resilience, Telemetry } from "effect-resilience"
 *
 * const Policies = Resilience.layer().pipe(Layer.provide(Layer.succeed(Telemetry.LabelCapacity, 50)))
 * ```
 *
 * @since 0.1.0
 * @category Metrics
 */
export class LabelCapacity extends Context.Reference<LabelCapacity>()("effect-resilience/LabelCapacity", {
  defaultValue: (): number => 1_000
}) {}

/** @internal */
export const shared = "other"

/** What has a label of its own, by name. @internal */
export const named = <A>(what: string): Map<string, A> =>
  globalValue(`effect-resilience/labels/${what}`, () => new Map<string, A>())

/** The label of a name among those of its kind. @internal */
export const labelOf = (what: string, name: string, capacity: number): string =>
  byLabel(named<string>(what), name, capacity, (label) => label)

/** What belongs to this name, or to the shared one where `capacity` names have come before. @internal */
export const byLabel = <A>(names: Map<string, A>, name: string, capacity: number, make: (label: string) => A): A => {
  const known = names.get(name)
  if (known !== undefined) return known
  const taken = names.size - (names.has(shared) ? 1 : 0)
  const isOwn = name === shared || taken < capacity
  if (!isOwn) return byLabel(names, shared, capacity, make)
  const made = make(name)
  names.set(name, made)
  return made
}
