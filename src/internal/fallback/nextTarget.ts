/**
 * Where a walk over several targets goes after each failure, as a pure function.
 *
 * @internal
 */
import * as LlmError from "../../LlmError.js"
import { AllTargetsFailed } from "../../Rejection.js"
import { failureOf } from "../errors/failureOf.js"
import { original } from "../errors/safeRead.js"
import { invalid } from "../options/check.js"

/** @internal */
export interface Named {
  readonly name: string
  readonly contextWindow?: number | undefined
}

/** What the walk has learnt so far. It stands at the target `targets[index]`. @internal */
export interface Walk<T extends Named> {
  readonly targets: ReadonlyArray<T>
  readonly fallbackOn: ReadonlyArray<LlmError.Tag>
  readonly index: number
  readonly errors: ReadonlyArray<unknown>
  readonly needed: Needed | undefined
}

/** What a prompt that was too long for a target needs: a window of so many tokens, if that much is known. */
interface Needed {
  readonly by: string
  readonly tokens: number | undefined
}

/** @internal */
export const begin = <T extends Named>(
  targets: ReadonlyArray<T>,
  fallbackOn: ReadonlyArray<LlmError.Tag> = []
): Walk<T> => {
  if (targets.length === 0) throw invalid("Fallback", "targets", "empty", "a list of at least one target")
  targets.forEach(({ name }, index) => {
    const first = targets.findIndex((target) => target.name === name)
    if (first === index) return
    throw invalid(
      "Fallback",
      `the name of targets ${first} and ${index}`,
      JSON.stringify(name),
      "another for each target"
    )
  })
  return { targets, fallbackOn, index: 0, errors: [], needed: undefined }
}

/** Whether another target would be asked if the one at hand failed. @internal */
export const hasOthers = ({ index, needed, targets }: Walk<Named>): boolean =>
  targets.slice(index + 1).some((target) => fits(target, needed))

/**
 * The walk at the next target that is to be asked, or what it fails with. A first failure that no other target may help
 * with is that failure itself; once there is more to tell, all of it is told.
 *
 * @internal
 */
export const after = <T extends Named>(
  walk: Walk<T>,
  failure: unknown
): { readonly on: Walk<T> } | { readonly failure: unknown } => {
  const error = failureOf(failure)
  const { fallback, otherTarget } = LlmError.traits(error)
  const errors = [...walk.errors, original(failure)]
  if (!fallback && !walk.fallbackOn.some((tag) => tag === error._tag)) {
    return { failure: errors.length === 1 ? failure : new AllTargetsFailed({ errors }) }
  }
  const target = walk.targets[walk.index]
  const needed = otherTarget === "largerWindow" ? needs(walk.needed, target, error) : walk.needed
  return past({ ...walk, index: walk.index + 1, errors, needed })
}

/** Past the targets that are not known to be large enough. */
const past = <T extends Named>(walk: Walk<T>): { readonly on: Walk<T> } | { readonly failure: AllTargetsFailed } => {
  const { errors, index, needed, targets } = walk
  const target = targets[index]
  if (target === undefined) return { failure: new AllTargetsFailed({ errors }) }
  if (needed === undefined || fits(target, needed)) return { on: walk }
  return past({ ...walk, index: index + 1, errors: [...errors, tooSmall(target, needed)] })
}

/** A target whose window nobody has stated is not known to be larger than any. */
const fits = ({ contextWindow }: Named, needed: Needed | undefined): boolean =>
  needed === undefined || (contextWindow !== undefined && contextWindow >= (needed.tokens ?? 0))

/** The failure's own words go before what is known of its target; what an earlier failure has told stays true. */
const needs = (before: Needed | undefined, target: Named | undefined, error: { readonly _tag: string }): Needed => {
  const { limit, requested } = error instanceof LlmError.ContextLengthExceeded ? error : {}
  const tooFew = limit ?? target?.contextWindow
  const tokens = requested ?? (tooFew === undefined ? undefined : tooFew + 1)
  const known = [before?.tokens, tokens].filter((tokens) => tokens !== undefined)
  return { by: target?.name ?? "another target", tokens: known.length === 0 ? undefined : Math.max(...known) }
}

/** A target passed over is reported like one that was asked: the prompt does not fit it either. */
const tooSmall = ({ contextWindow, name }: Named, { by, tokens }: Needed): LlmError.LlmError => {
  const window = contextWindow === undefined ? "is not stated" : `of ${contextWindow} tokens is too small`
  const prompt = tokens === undefined ? `was too long for ${by}` : `needs at least ${tokens}`
  return new LlmError.ContextLengthExceeded({
    target: name,
    message: `${name} was skipped: its context window ${window}, and the prompt ${prompt}`,
    limit: contextWindow
  })
}
