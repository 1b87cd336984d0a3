/**
 * What has happened to a circuit in this process that the others do not know yet, and what it makes of what they know.
 *
 * @internal
 */
import { step } from "../breaker/circuit.js"
import type { Policy } from "../breaker/policy.js"
import { asOfNow, shifted } from "../breaker/shift.js"
import type { Circuit, Input, Phase } from "../breaker/state.js"
import { halfOpen } from "../breaker/transitions.js"

/** A call has opened a circuit that was of this generation. */
export interface Opened {
  readonly _tag: "Opened"
  readonly generation: number
  readonly phase: Extract<Phase, { _tag: "Open" }>
  readonly lastFailure: Circuit["lastFailure"]
}

/** Something that has happened here, so often in a row. @internal */
export interface Owed {
  readonly number: number
  readonly what: Input | Opened
  readonly at: number
  /** A success that was not slow. */
  readonly quick: boolean
  count: number
}

/** The generation without which it has no say, if there is one. @internal */
export const generationOf = (what: Owed["what"]): number | undefined => {
  if (what._tag === "Opened") return what.generation
  return what._tag === "Record" ? what.permit.generation : undefined
}

/** It says something of the circuit, and nothing of who is to be left alone. @internal */
export const isCount = (what: Owed["what"]): boolean =>
  what._tag === "Record" && what.outcome !== "Ignored" && what.permit.finder === 0

/** What is owed, by a clock that is `offset` behind that of the circuit, makes this of it. @internal */
export const replay = (
  owed: ReadonlyArray<Owed>,
  policy: Policy,
  circuit: Circuit,
  offset: number,
  now: number
): Circuit => {
  let next = circuit
  for (const { at, count, what } of owed) {
    next = reached(next, generationOf(what), now)
    if (what._tag === "Opened") {
      next = opened(policy, next, what, offset)
      continue
    }
    const input = asOfNow(what, at, offset, now)
    if (input === undefined) continue
    for (let time = 0; time < count; time++) next = step(policy, next, input, now)[1]
  }
  return next
}

/** With nobody to ask, a process has probed by itself, which began what comes after an open circuit. @internal */
export const reached = (circuit: Circuit, generation: number | undefined, now: number): Circuit => {
  const { phase } = circuit
  const isNext = phase._tag === "Open" && phase.until <= now && circuit.generation + 1 === generation
  return isNext ? halfOpen(circuit, phase, now)[1] : circuit
}

const opened = (policy: Policy, circuit: Circuit, what: Opened, offset: number): Circuit => {
  if (circuit.generation !== what.generation || circuit.phase._tag === "Open") return circuit
  const { lastFailure, phase } = shifted(
    { ...circuit, phase: what.phase, lastFailure: what.lastFailure },
    policy,
    offset
  )
  return { ...circuit, generation: circuit.generation + 1, phase, lastFailure }
}
