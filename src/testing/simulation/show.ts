/**
 * Results as tables and pictures, for a terminal or a page.
 */
import type { Result, Tally } from "./record.js"

/** The value below which a share of a sorted list lies; 0 of an empty one. @internal */
export const quantile = (sorted: ReadonlyArray<number>, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * share) - 1))] ?? 0

const seconds = (millis: number): string => `${(millis / 1_000).toFixed(1)} s`

const successes = ({ outcomes }: Tally): number => outcomes.Success ?? 0

const percent = (part: number, whole: number): string => `${((100 * part) / Math.max(1, whole)).toFixed(1)} %`

/** @internal */
export const table = (results: Readonly<Record<string, Result>>): string =>
  [
    "| | calls | answered | attempts a call | p50 | p95 | p99 |",
    "|---|---:|---:|---:|---:|---:|---:|",
    ...Object.entries(results).map(([title, { attempts, calls, durations }]) => {
      const sent = Object.values(attempts).reduce((sum, { total }) => sum + total, 0)
      const cells = [
        calls.total,
        percent(successes(calls), calls.total),
        (sent / Math.max(1, calls.total)).toFixed(2),
        ...[0.5, 0.95, 0.99].map((share) => seconds(quantile(durations, share)))
      ]
      return `| ${[title, ...cells].join(" | ")} |`
    })
  ].join("\n")

const width = 50

/** Each interval as a bar of its attempts: `#` those that were answered, `.` the others. @internal */
export const picture = ({ timeline }: Result): string => {
  const most = Math.max(1, ...timeline.map(({ attempts }) => attempts.total))
  const widest = Math.max(...timeline.map(({ at }) => seconds(at).length))
  return timeline
    .map(({ at, attempts }) => {
      const bar = Math.round((width * attempts.total) / most)
      const good = Math.round((width * successes(attempts)) / most)
      return `${seconds(at).padStart(widest)} ${"#".repeat(good)}${".".repeat(Math.max(0, bar - good))} ${attempts.total}`
    })
    .join("\n")
}
