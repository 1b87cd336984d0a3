/**
 * The hub that an application's policies were made under, so that a reader of another one can be told why it is silent.
 */
const hubs = new WeakMap<object, object>()

/** @internal */
export const madeUnder = <Policies extends object>(policies: Policies, hub: object): Policies => {
  hubs.set(policies, hub)
  return policies
}

/** @internal */
export const hubOf = (policies: unknown): object | undefined =>
  typeof policies === "object" && policies !== null ? hubs.get(policies) : undefined
