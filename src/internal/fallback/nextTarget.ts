/**
 * Where a walk over several targets goes after each failure, as a pure function.
 *
 * @internal
 */
import { failureOf } from "../errors/failureOf.js"
import * as LlmError from "../errors/llmError.js"
import { AllTargetsFailed, type Rejection, soonest, type TargetOutcome } from "../errors/rejection.js"
import { original } from "../errors/safeRead.js"
import { traits } from "../errors/traits.js"
import type { Deadline } from "../time/deadline.js"
import type { Settings } from "./settings.js"

/** @internal */
export interface Named {
  readonly name: string
  readonly contextWindow?: number | undefined
  readonly capabilities?: ReadonlyArray<string> | undefined
}

/** What the walk has learnt so far. It stands at the target `targets[index]`. @internal */
export interface Walk<T extends Named> {
  readonly targets: ReadonlyArray<T>
  readonly settings: Settings
  readonly index: number
  /** What became of the targets before it. */
  readonly seen: ReadonlyArray<Seen>
  readonly needed: Needed | undefined
  /** A deadline that each target is told, and that nobody watches. */
  readonly end?: Deadline | undefined
}

/** The failure of a target, as it came and as it was read. One that was passed over was not asked. */
interface Seen {
  readonly error: unknown
  readonly read: LlmError.LlmError | Rejection
  readonly asked: boolean
}

/** What a prompt that was too long for a target needs: a window of so many tokens, if that much is known. @internal */
export interface Needed {
  readonly by: string
  readonly tokens: number | undefined
}

/** The walk at the first target that can do what the call needs, or what it fails with. @internal */
export const first = <T extends Named>(
  targets: ReadonlyArray<T>,
  settings: Settings,
  end?: Deadline
): { readonly on: Walk<T> } | { readonly failure: AllTargetsFailed } =>
  past({ targets, settings, index: 0, seen: [], needed: undefined, end })

/** Who was passed over on the way from one target to the next. @internal */
export const passedOver = (from: number, { seen }: Walk<Named>): ReadonlyArray<unknown> =>
  seen
    .slice(from)
    .filter(({ asked }) => !asked)
    .map(({ error }) => error)

/** The other targets that would be asked if the one at hand failed. @internal */
export const othersLeft = ({ index, needed, settings, targets }: Walk<Named>): ReadonlyArray<Named> =>
  targets.slice(index + 1).filter((target) => fits(target, needed) && lacks(target, settings.needs).length === 0)

/** Whether another target is asked after such a failure. @internal */
export const leadsOn = (failure: unknown, fallbackOn: Settings["fallbackOn"]): boolean => {
  const error = failureOf(failure)
  return traits(error).fallback || fallbackOn.some((tag) => tag === error._tag)
}

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
  const seen = [...walk.seen, { error: original(failure), read: error, asked: true }]
  if (!leadsOn(error, walk.settings.fallbackOn)) {
    return { failure: seen.length === 1 ? failure : allFailed({ ...walk, seen }) }
  }
  const target = walk.targets[walk.index]
  const needed = traits(error).otherTarget === "largerWindow" ? needs(walk.needed, target, error) : walk.needed
  return past({ ...walk, index: walk.index + 1, seen, needed })
}

/** Past the targets that are not known to be large enough, and those that cannot do what is needed. */
const past = <T extends Named>(walk: Walk<T>): { readonly on: Walk<T> } | { readonly failure: AllTargetsFailed } => {
  const { index, needed, seen, settings, targets } = walk
  const target = targets[index]
  if (target === undefined) return { failure: allFailed(walk) }
  const missing = lacks(target, settings.needs)
  if (missing.length === 0 && (needed === undefined || fits(target, needed))) return { on: walk }
  const error = missing.length > 0 || needed === undefined ? unable(target, missing) : tooSmall(target, needed)
  return past({ ...walk, index: index + 1, seen: [...seen, { error, read: error, asked: false }] })
}

/** What the call needs and the target cannot do. One that states nothing is taken to be able to. @internal */
export const lacks = ({ capabilities }: Named, needs: ReadonlyArray<string>): ReadonlyArray<string> =>
  capabilities === undefined ? [] : needs.filter((need) => !capabilities.includes(need))

/** @internal */
export const unable = ({ name }: Named, missing: ReadonlyArray<string>): LlmError.LlmError =>
  new LlmError.InvalidRequest({ target: name, message: `${name} was skipped: it has no ${missing.join(", ")}` })

/** Each target has one failure, up to the one that the walk has not come to. */
const allFailed = ({ seen, targets }: Walk<Named>): AllTargetsFailed =>
  new AllTargetsFailed({
    errors: seen.map(({ error }) => error),
    targets: targets.map(({ name }, index): TargetOutcome => {
      const { asked, read } = seen[index] ?? {}
      return read === undefined
        ? { target: name, asked: false }
        : { target: name, tag: read._tag, asked: asked === true }
    }),
    retryAfter: soonest(seen.map(({ read }) => read))
  })

/** A target whose window nobody has stated is not known to be larger than any. @internal */
export const fits = ({ contextWindow }: Named, needed: Needed | undefined): boolean =>
  needed === undefined || (contextWindow !== undefined && contextWindow >= (needed.tokens ?? 0))

/** The failure's own words go before what is known of its target; what an earlier failure has told stays true. @internal */
export const needs = (
  before: Needed | undefined,
  target: Named | undefined,
  error: { readonly _tag: string }
): Needed => {
  const { limit, requested } = error instanceof LlmError.ContextLengthExceeded ? error : {}
  const tooFew = limit ?? target?.contextWindow
  const tokens = requested ?? (tooFew === undefined ? undefined : tooFew + 1)
  const known = [before?.tokens, tokens].filter((tokens) => tokens !== undefined)
  return { by: target?.name ?? "another target", tokens: known.length === 0 ? undefined : Math.max(...known) }
}

/** A target passed over is reported like one that was asked: the prompt does not fit it either. @internal */
export const tooSmall = ({ contextWindow, name }: Named, { by, tokens }: Needed): LlmError.LlmError => {
  const window = contextWindow === undefined ? "is not stated" : `of ${contextWindow} tokens is too small`
  const prompt = tokens === undefined ? `was too long for ${by}` : `needs at least ${tokens}`
  return new LlmError.ContextLengthExceeded({
    target: name,
    message: `${name} was skipped: its context window ${window}, and the prompt ${prompt}`,
    limit: contextWindow
  })
}
