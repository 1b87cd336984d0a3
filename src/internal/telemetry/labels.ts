/**
 * Which names have a metric label of their own. Effect's registry is one for the process and forgets no series, so the
 * names are counted for the process too, whatever layers come and go; what comes after them shares one label.
 *
 * @internal
 */
import { globalValue } from "effect/GlobalValue"

/** @internal */
export const shared = "other"

/** What has a label of its own, by name. @internal */
export const named = <A>(what: string): Map<string, A> =>
  globalValue(`effect-resilience/labels/${what}`, () => new Map<string, A>())

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
