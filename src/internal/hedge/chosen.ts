import * as Effect from "effect/Effect"
import type { AllTargetsFailed } from "../errors/rejection.js"
import { lacks, type Named, unable } from "../fallback/nextTarget.js"
import { passed } from "../fallback/tell.js"
import { failedAcross, type Seen } from "./decide.js"
import type { Settings } from "./plan.js"

/** Whom a hedged call may ask, in order, and who was passed over. @internal */
export interface Chosen<T> {
  readonly targets: ReadonlyArray<T>
  readonly unable: ReadonlyArray<Seen>
}

/**
 * The targets that can do what the call needs, the one first that answered last.
 *
 * @internal
 */
export const chosen = <T extends Named>(
  { needs, sticky }: Pick<Settings, "needs" | "sticky">,
  targets: ReadonlyArray<T>
): Effect.Effect<Chosen<T>, AllTargetsFailed> => {
  const missing = (target: T) => lacks(target, needs)
  const able = targets.filter((target) => missing(target).length === 0)
  const seen = targets
    .filter((target) => missing(target).length > 0)
    .map((target): Seen => ({ target: target.name, error: unable(target, missing(target)), asked: false }))
  if (able.length === 0) return Effect.failSync(() => failedAcross(seen, []))
  const ordered = sticky === undefined ? Effect.succeed(able) : sticky.memory.inOrder(sticky.key, able)
  const asked = Effect.map(ordered, (targets) => ({ targets, unable: seen }))
  return seen.length === 0 ? asked : Effect.zipRight(passed(seen.map(({ error }) => error)), asked)
}
