import type { Policy } from "./policy.js"
import type { Lease, Parking, Permit, Restore, Result } from "./state.js"

/**
 * For how many milliseconds callers are to stay away now, if at all.
 *
 * @internal
 */
export const held = (parking: Parking | undefined, now: number): number | undefined => {
  if (parking === undefined) return undefined
  if (now < parking.until) return parking.until - now
  const { asked, finder } = parking
  return now < asked && finder !== undefined && now < finder.expiresAt ? finder.expiresAt - now : undefined
}

/**
 * Somebody is let through. While the target has asked for longer than others may be held, that is who finds out.
 *
 * @internal
 */
export const enter = (policy: Policy, parking: Parking, now: number): Parking | undefined => {
  if (now >= parking.asked) return undefined
  const id = parking.nextFinder
  const finder: Lease = { id, since: now, expiresAt: now + policy.halfOpen.probeTimeout }
  return { ...parking, finder, nextFinder: id + 1 }
}

/**
 * A call has ended. A target that asks to be left alone is, whichever generation the call that was told belongs to, and
 * never for less than it has asked for before; only who was sent to find out brings news that replace the old ones.
 *
 * @internal
 */
export const after = (
  policy: Policy,
  parking: Parking | undefined,
  result: Result,
  now: number
): Parking | undefined => {
  const { outcome, permit, resetsIn, retryAfter } = result
  if (outcome === "Ignored" && (retryAfter > 0 || resetsIn > 0)) {
    const before = permit.finder > 0 && parking !== undefined && now >= parking.until ? undefined : parking
    return longer(before, parking?.nextFinder ?? 1, limited(policy, retryAfter, resetsIn), now)
  }
  if (parking === undefined || permit.finder === 0) return parking
  if (outcome === "Success" && now >= parking.until) return undefined
  return isFinder(parking, permit) ? { ...parking, finder: undefined } : parking
}

/**
 * What a snapshot has kept of a parking.
 *
 * @internal
 */
export const restore = (
  policy: Policy,
  parking: Parking | undefined,
  { askedFor, parkedFor, stated }: Restore,
  now: number
): Parking | undefined => {
  const { wait } = limited(policy, stated ? 0 : parkedFor, stated ? parkedFor : 0)
  const asked = Math.max(askedFor, parkedFor)
  return asked === 0 ? parking : longer(parking, parking?.nextFinder ?? 1, { wait, asked, stated }, now)
}

/** How long a target is left alone, and how long it has asked for. */
interface Wish {
  readonly wait: number
  readonly asked: number
  readonly stated: boolean
}

/** A hint is one target's word, and may be a mistake; the date at which a quota resets is taken for what it says. */
const limited = ({ maxRetryAfter }: Policy, retryAfter: number, resetsIn: number): Wish => {
  const wait = Math.min(retryAfter, maxRetryAfter)
  return { wait: Math.max(wait, resetsIn), asked: Math.max(retryAfter, resetsIn), stated: resetsIn >= wait }
}

const longer = (before: Parking | undefined, nextFinder: number, wish: Wish, now: number): Parking => {
  const { asked, wait } = wish
  const until = now + Math.min(wait, Number.MAX_SAFE_INTEGER)
  const farthest = Math.max(before?.asked ?? 0, now + Math.min(asked, Number.MAX_SAFE_INTEGER))
  return before !== undefined && before.until >= until
    ? { ...before, asked: farthest }
    : { since: now, until, asked: farthest, stated: wish.stated, finder: before?.finder, nextFinder }
}

const isFinder = ({ finder }: Parking, permit: Permit): boolean => finder !== undefined && finder.id === permit.finder
