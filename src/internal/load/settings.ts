/**
 * Options of queues, checked.
 *
 * @internal
 */
import type * as Duration from "effect/Duration"
import { count, millis, number } from "../options/check.js"
import type { QueueSettings } from "./turnstile.js"

/**
 * Who may wait, and for how long.
 *
 * @since 0.1.0
 * @category Models
 */
export interface QueueOptions {
  /** How many calls may wait for their turn. Default 1000. With 0 nobody waits. */
  readonly maxQueued?: number | undefined
  /** A call that has waited so long is rejected. Default 30 seconds, and never past the call's deadline. */
  readonly maxWait?: Duration.DurationInput | undefined
  /** The part of the turns, from 0 to 1, that batch callers have while interactive ones wait too. Default 0.1. */
  readonly batchShare?: number | undefined
}

/** @internal */
export const queueSettings = (where: string, options: QueueOptions): QueueSettings => {
  const { batchShare = 0.1, maxQueued = 1_000, maxWait = "30 seconds" } = options
  return {
    maxQueued: maxQueued === 0 ? 0 : count(where, "maxQueued", maxQueued),
    maxWait: millis(where, "maxWait", maxWait),
    batchShare: number(where, "batchShare", batchShare, 0, 1)
  }
}

/** One set of options for every key, or a function that gives each its own; each is checked once. @internal */
export const byKey = <Options, Settings>(
  options: Options | ((key: string) => Options),
  check: (options: Options) => Settings
): ((key: string) => Settings) => {
  if (typeof options === "function") return (key) => check((options as (key: string) => Options)(key))
  const same = check(options)
  return () => same
}
