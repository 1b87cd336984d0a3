/**
 * Says once that the same policies are made again and again, as by a layer that is provided beside each call: they then
 * share no circuit, no limit and no budget, and nothing else shows it.
 *
 * @internal
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { globalValue } from "effect/GlobalValue"

/** Ten of the same within a minute are no restart, and no two parts of one program. */
const often = 10
const millisOften = 60_000

/** Of how many different options it is known how often they were made. */
const most = 100

interface Made {
  times: number
  since: number
  told: boolean
}

const madeBy = globalValue("effect-resilience/madeAgain", () => new Map<string, Made>())

/** @internal */
export const tellIfMadeAgain = (where: string, options: unknown): Effect.Effect<void> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => {
    const made = noted(`${where} ${textOf(options)}`, now)
    if (made.times < often || made.told) return Effect.void
    made.told = true
    return Effect.logWarning(
      `${where}: the same policies were made ${often} times within a minute. Each has circuits, limits and budgets of its own, ` +
        "which calls under another do not share. Provide the layer once, around the whole program or in a ManagedRuntime, " +
        "and not beside each call"
    )
  })

const noted = (key: string, now: number): Made => {
  const known = madeBy.get(key) ?? { times: 0, since: now, told: false }
  const passed = now - known.since
  if (passed < 0 || passed >= millisOften) Object.assign(known, { times: 0, since: now })
  known.times += 1
  // The last made is the last to be forgotten.
  madeBy.delete(key)
  madeBy.set(key, known)
  if (madeBy.size > most) madeBy.delete(madeBy.keys().next().value ?? key)
  return known
}

/** Options as a text. Functions are all alike: one that is written where it is used is made anew each time. */
const textOf = (options: unknown): string => {
  try {
    return JSON.stringify(options, (_name, value: unknown) =>
      typeof value === "function" || typeof value === "bigint" ? String(value) : value
    )
  } catch {
    return "options"
  }
}
