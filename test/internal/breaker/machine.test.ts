import { describe, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import * as Circuit from "../../../src/internal/breaker/circuit.js"
import type { Policy } from "../../../src/internal/breaker/policy.js"
import { type Command, endings, sequences } from "./commands.js"
import { type Call, Reference } from "./reference.js"

const outcomes = { success: "Success", failure: "Failure", ignored: "Ignored", abandoned: "Abandoned" } as const

/** Plays a sequence to the bare machine and to the reference, and compares every decision, change and count. */
const play = (policy: Policy, commands: ReadonlyArray<Command>): void => {
  let now = 1_000_000
  const circuits = [0, 1, 2].map(() => Circuit.initial(policy, 7, now))
  const references = [0, 1, 2].map(() => new Reference(policy))
  const changes: ReadonlyArray<Array<string>> = [[], [], []]
  const running: Array<{ readonly key: number; readonly call: Call; readonly permit: Circuit.Permit }> = []

  const apply = (key: number, input: Circuit.Input): Circuit.Decision => {
    const [decision, next] = Circuit.step(policy, circuits[key]!, input, now)
    circuits[key] = next
    const { change } = decision
    if (change !== undefined) {
      const { at, from, openFor, openings, reason, to } = change
      changes[key]!.push(`${at} ${from}>${to} ${openFor} ${openings} ${reason}`)
    }
    return decision
  }

  const reasons = {
    Open: "CircuitOpen",
    Isolated: "CircuitOpen",
    HalfOpen: "CircuitHalfOpen",
    Parked: "Parked"
  } as const

  for (const command of commands) {
    switch (command._tag) {
      case "Wait":
        now += command.millis
        break
      case "Start":
        for (let i = 0; i < command.count; i++) {
          const { permit, rejection } = apply(command.key, { _tag: "Admit" })
          const expected = references[command.key]!.start(now)
          if ("rejected" in expected) {
            same(permit, undefined)
            same(rejection && reasons[rejection._tag], expected.rejected)
            same(rejection?.retryAfter, expected.wait)
          } else {
            same(rejection, undefined)
            running.push({ key: command.key, call: expected, permit: permit! })
          }
        }
        break
      case "End":
        for (let i = 0; i < command.count && running.length > 0; i++) {
          const [one] = running.splice(command.which % running.length, 1)
          const [how, retryAfter, resetsIn = 0] = endings[command.how]
          apply(one!.key, { _tag: "Record", permit: one!.permit, outcome: outcomes[how], retryAfter, resetsIn })
          references[one!.key]!.end(one!.call, how, retryAfter, now, resetsIn)
        }
        break
      case "Reset":
        apply(command.key, { _tag: "Reset" })
        references[command.key]!.reset(now)
        break
      case "Open":
        apply(command.key, { _tag: "Open", openFor: command.millis })
        references[command.key]!.openByHand(command.millis, now)
        break
      default:
        apply(command.key, { _tag: command._tag })
        references[command.key]!.isolate(command._tag === "Isolate" ? 1 : -1, now)
    }
    for (const [key, reference] of references.entries()) {
      same(changes[key]!.length, reference.changes.length)
      same(changes[key]!.at(-1), reference.changes.at(-1))
      const { isolations, parking, phase } = circuits[key]!
      same(phase._tag, reference.phase)
      same(isolations, reference.isolations)
      same(Math.max(now, parking?.until ?? 0), Math.max(now, reference.parkedUntil))
      if (phase._tag === "HalfOpen") {
        same(phase.leases.filter((lease) => lease.expiresAt > now).length, reference.probing(now))
      }
      if (phase._tag === "Closed" && phase.window._tag === "Calls") {
        const window = reference.window(now)
        same(phase.window.calls, window.length)
        same(phase.window.failures, window.filter((one) => one.how === "failure").length)
        same(phase.window.slow, window.filter((one) => one.slow).length)
      }
    }
  }
}

/** A comparison that costs next to nothing, since there are millions of them. */
const same = (got: unknown, wanted: unknown): void => {
  if (got !== wanted) throw new Error(`${String(got)} instead of ${String(wanted)}`)
}

describe("the machine", () => {
  it("does what the reference does, decision by decision", { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(sequences, ([policy, commands]) => play(policy, commands)),
      { numRuns: 300, seed: 4 }
    )
  })
})
