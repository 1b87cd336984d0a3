/**
 * Attempts with the time at which they began, and how a person reads them.
 *
 * @internal
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import type { TrailEntry } from "../../Telemetry.js"

/**
 * An attempt as the trail tells it.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Attempt extends TrailEntry {
  /** When it began, in milliseconds of the `Clock`. */
  readonly at: number
}

/** A trail whose entries know when they began: each is written when its attempt ends. @internal */
export const recorder = (clock: Clock.Clock, outer: Array<TrailEntry> | undefined): Array<Attempt> => {
  const attempts: Array<Attempt> = []
  const push = (...entries: Array<TrailEntry>): number => {
    for (const entry of entries) {
      // The entry itself, to which the call may add a wait.
      const at = clock.unsafeCurrentTimeMillis() - Duration.toMillis(entry.duration)
      Array.prototype.push.call(attempts, Object.assign(entry, { at }))
    }
    outer?.push(...entries)
    return attempts.length
  }
  return Object.defineProperty(attempts, "push", { value: push, enumerable: false })
}

/** @internal */
export const timelineOf = (attempts: ReadonlyArray<Attempt>): string => {
  const rows = [...attempts]
    .sort((one, other) => one.at - other.at)
    .map(({ at, attempt, duration, outcome, target, wait }) => [
      told(at),
      target,
      `attempt ${attempt}`,
      `${outcome} after ${told(Duration.toMillis(duration))}`,
      wait === undefined ? "" : `waits ${told(Duration.toMillis(wait))}`
    ])
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ")}`.trimEnd())
    .join("\n")
}

/** @internal */
export const told = (millis: number): string => (millis === 0 ? "0" : Duration.format(Duration.millis(millis)))
