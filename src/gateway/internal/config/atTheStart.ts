/**
 * What of a configuration is read when the gateway starts, and never again.
 *
 * @internal
 */
import type { Config } from "./schema.js"

const ofConnections = ["headerBytes", "headerTime", "bodyTime", "idleTime", "connections", "shutdownTime"] as const

/** The names of what is other than it was at the start, and takes another one. @internal */
export const atTheStart = (before: Config, now: Config): ReadonlyArray<string> => [
  ...(["listen", "admin", "shared"] as const).filter((name) => !isSame(before[name], now[name])),
  ...ofConnections.filter((name) => !isSame(before.bounds?.[name], now.bounds?.[name])).map((name) => `bounds.${name}`)
]

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other)
