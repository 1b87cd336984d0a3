import { FastCheck as fc } from "effect"
import { SharedState } from "effect-resilience"
import { describe, it } from "vitest"
import { sequences } from "../internal/breaker/commands.js"
import { expectAgreement } from "./agreement.js"
import { differenceIn, runs } from "./lostAnswers.js"

// The same sequences, and the same reference, as for a breaker in one process: three instances that share a circuit are
// one breaker, once each has told and heard everything.

describe("a fleet and a simple reference", () => {
  it("B3 B4 B5: do the same over random sequences", { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(sequences, ([policy, commands]) =>
        expectAgreement(policy, commands, SharedState.makeMemoryBackend)
      ),
      { numRuns: 100, seed: 20_261_128, endOnFailure: true }
    )
  })

  it("B3 B4 B5: do the same where answers are lost, and each thing counts once", { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(runs, async (run) => {
        const difference = await differenceIn(run)
        if (difference !== undefined) throw new Error(difference)
      }),
      { numRuns: 60, seed: 20_261_129, endOnFailure: true }
    )
  })
})
