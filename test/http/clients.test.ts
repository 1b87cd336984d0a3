/** The vendors' clients, as they are, over `ResilientFetch` and against the misbehaving provider. */
import { it } from "@effect/vitest"
import { Effect } from "effect"
import * as ResilientFetch from "effect-resilience/http/ResilientFetch"
import * as ResilientHttpClient from "effect-resilience/http/ResilientHttpClient"
import * as MisbehavingProvider from "effect-resilience/testing/MisbehavingProvider"
import { describe, expect } from "vitest"
import type { Entry, Seam } from "./clients/Client.js"
import { entries } from "./clients/index.js"
import { always, asks, at, expected, faults, once, reply, thrownBy } from "./clients/matrix.js"

const bare: Seam = { fetch: (...request) => globalThis.fetch(...request), transform: (client) => client }

const fast: ResilientFetch.Options = { retry: { initialDelay: 1, jitter: "none" }, circuitBreaker: false }

/** A stalled attempt is given up before the test is; nothing else is measured by time. */
const impatient: ResilientFetch.Options = {
  ...fast,
  attemptTimeout: "200 millis",
  stream: { firstToken: "200 millis" }
}

const seam = (options: ResilientFetch.Options) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => ResilientFetch.make(options)),
      (fetch) => Effect.promise(() => fetch.dispose())
    ),
    (fetch): Seam => ({ fetch, transform: ResilientHttpClient.transform(options) })
  )

const overFetch = entries.filter((entry) => entry.ownTransport !== true)

describe.each(overFetch.map((entry) => [entry.name, entry] as const))("X1: %s", (_, entry: Entry) => {
  it.scopedLive("answers as it does without", () =>
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.make({ reply })
      const over = yield* seam(fast)
      const clients = [bare, over].map((seam) => asks(entry, entry.make(provider, seam)))
      for (const [capability, ask] of clients.flat()) {
        expect(yield* Effect.promise(() => ask()), capability).toEqual(expected[capability])
      }
      // One request each: nobody has asked twice.
      expect((yield* provider.awaitSettled).length).toBe(clients.flat().length)
    })
  )

  it.scopedLive.each(Object.entries(faults))("never hears of %s, whatever it asks for", ([, fault]) =>
    Effect.gen(function* () {
      const stalls = fault._tag === "Stall"
      const over = yield* seam(stalls ? impatient : fast)
      const provider = yield* MisbehavingProvider.make()
      const one = (capability: string) =>
        Effect.gen(function* () {
          const provider = yield* MisbehavingProvider.make({ reply, script: once(fault) })
          const ask = asks(entry, entry.make(provider, over)).find(([name]) => name === capability)!
          expect(yield* Effect.promise(() => ask[1]()), capability).toEqual(expected[ask[0]])
          const asked = (yield* provider.awaitSettled).length
          expect(asked, capability).toBeGreaterThanOrEqual(2)
          if (!stalls) expect(asked, capability).toBe(2)
        })
      const able = asks(entry, entry.make(provider, over)).map(([capability]) => capability)
      // With the name of a tool its call has begun, which is content: a cut after it is no longer to be mended.
      const asked = able.filter((capability) => fault._tag !== "CutBody" || capability !== "tool")
      yield* Effect.forEach(asked, one, { concurrency: "unbounded" })
    })
  )

  it.scopedLive("X2: has its own error for what nothing helps with, as it would have without", () =>
    Effect.gen(function* () {
      const over = yield* seam({ ...fast, retry: { maxAttempts: 2, initialDelay: 1 } })
      for (const [name, fault] of Object.entries(faults)) {
        // A client without the toolkit waits for ever, or takes what is cut or says so itself for an answer.
        const alone = !["Stall", "CutBody", "ErrorInStream"].includes(fault._tag)
        if (fault._tag === "Stall") continue
        const provider = yield* MisbehavingProvider.make({ reply, script: always(fault) })
        const clients = [over, bare].map((seam) => entry.make(provider, seam))
        for (const capability of ["plain", "stream"] as const) {
          const [error, own] = yield* Effect.forEach(clients, (client) =>
            Effect.promise(() => thrownBy(asks(entry, client).find(([name]) => name === capability)![1]))
          )
          const { is, status } = entry.error
          const seen = (error: unknown) => ({
            type: error?.constructor?.name,
            status: status === undefined ? undefined : at(error, status)
          })
          // A plain body that says what went wrong under a 200 is handed on as it came: some clients take it for an answer.
          if (fault._tag === "ErrorInStream" && capability === "plain") expect(typeof error).toBe(typeof own)
          else expect(error, `${name}, ${capability}`).toBeDefined()
          if (alone) expect(seen(error), `${name}, ${capability}`).toEqual(seen(own))
          if (fault._tag !== "ServerError") continue
          expect(error, capability).toBeInstanceOf(is)
          if (status !== undefined) expect(at(error, status), capability).toBe(500)
        }
      }
    })
  )
})
