import * as Context from "effect/Context"

/**
 * One set of policies that the running code is inside of: `scope` says whose, `key` which. Code that outlives the attempt
 * it was started in is inside of nothing any more.
 *
 * @internal
 */
export interface Entry {
  readonly scope: object
  readonly key: string
  live: boolean
}

const none: ReadonlyArray<Entry> = []

/**
 * What has been entered. A call to a target from within that target's own attempt is part of that attempt: it takes no
 * second permit, is not repeated by itself, and its failure counts once, as the attempt's.
 *
 * @internal
 */
export class Entered extends Context.Reference<Entered>()("effect-resilience/Entered", {
  defaultValue: (): ReadonlyArray<Entry> => none
}) {}

/** @internal */
export const isWithin = (context: Context.Context<never>, scope: object, key: string): boolean => {
  const entered = Context.get(context, Entered)
  return entered.length > 0 && entered.some((entry) => entry.live && entry.scope === scope && entry.key === key)
}
