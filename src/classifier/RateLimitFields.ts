/**
 * The fields `RateLimit` and `RateLimit-Policy` of the IETF's draft, in its newer and its older form.
 */

/** @internal */
export interface Limit {
  /** What is left of it, where that is said. */
  readonly left: number | undefined
  /** In milliseconds. */
  readonly reset: number
}

const most = 16

/** `"api";r=0;t=55` as its name and its parameters; `limit=10, remaining=0, reset=50` has no name. */
const policies = (field: string): ReadonlyArray<readonly [name: string, parameters: ReadonlyMap<string, number>]> =>
  field
    .slice(0, 2_000)
    .split(",")
    .slice(0, most)
    .map((item) => {
      const [first = "", ...rest] = item.split(";")
      const parameters = new Map<string, number>()
      for (const part of first.includes("=") ? [first, ...rest] : rest) {
        const found = /^\s*([a-z]{1,16})\s*=\s*"?(\d{1,15}(?:\.\d{1,9})?)"?\s*$/i.exec(part)
        if (found !== null) parameters.set((found[1] ?? "").toLowerCase(), Number(found[2]))
      }
      return [first.includes("=") ? "" : first.trim().replace(/"/g, "").toLowerCase(), parameters] as const
    })

/**
 * What the fields say of limits that may be used up. The older form stands in several items of one list.
 *
 * @internal
 */
export const structured = (field: string | undefined, policy: string | undefined): ReadonlyArray<Limit> => {
  if (field === undefined) return []
  const named = policies(field)
  const windows = new Map(policies(policy ?? "").map(([name, parameters]) => [name, parameters.get("w")]))
  const older = new Map(named.filter(([name]) => name === "").flatMap(([, parameters]) => [...parameters]))
  const limits = named.filter(([name, { size }]) => name !== "" && size > 0)
  if (["reset", "remaining", "r", "t"].some((name) => older.has(name))) limits.push(["", new Map(older)])
  return limits.flatMap(([name, parameters]) => {
    const left = parameters.get("r") ?? parameters.get("remaining")
    const window = left === 0 ? (windows.get(name) ?? [...windows.values()][0]) : undefined
    const reset = parameters.get("t") ?? parameters.get("reset") ?? window
    return reset === undefined ? [] : [{ left, reset: reset * 1000 }]
  })
}
