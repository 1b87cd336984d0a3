/** What the toolkit promises, as ratios within one run. */
import type { Result } from "./record.js"

export interface Target {
  readonly what: string
  readonly limit: number
  /** The ratio, or the bytes, as measured. */
  readonly value: number
  /**
   * The same figure for a row of the same shape that does no more than it must: what no implementation gets below.
   * A promise that asks for less than that cannot be kept.
   */
  readonly floor?: number
}

const ours = "effect-resilience: the defaults"

export const targets = (results: ReadonlyArray<Result>): ReadonlyArray<Target> => {
  const of = (title: string, name: string): number =>
    results.find(({ shape }) => shape.title === title)?.rows.find((row) => row.name === name)?.median ?? Number.NaN
  const table = (title: string) => (name: string) => of(title, name)
  const full = table("Success through the full stack")
  const alone = table("Success through each policy alone")
  const window = table("A closed circuit, by the size of its window")
  const open = table("An open circuit rejects")
  const model = table("generateText over a model that answers at once")
  const inFlight = table("10 000 calls in flight")
  const waiting = table("Heap of a waiting call")
  const chaos = table("Chaos that is switched off")
  const virtual = table("A call in virtual time")
  const reading = table("Reading one failure")
  const recovery = table("One failure, then success, without a wait")
  const mayAdd = Math.max(1_000, 1.5 * (alone("breaker: cockatiel") - alone("bare: async function")))
  const added = (breaker: string, signal = ""): number =>
    (alone(`breaker: ${breaker}${signal}`) - alone(`bare: LlmCall.tryPromise${signal}`)) / mayAdd
  const guarded = "effect-resilience: first-token and idle timeouts, the defaults"
  return [
    {
      what: "full stack, of cockatiel's five policies",
      limit: 0.5,
      value: full(`${ours}, with a signal`) / full("cockatiel: five policies")
    },
    { what: "full stack, of plain Effect", limit: 0.1, value: full(ours) / full("plain Effect: all of them") },
    {
      what: "full stack, of plain Effect, both with a signal",
      limit: 0.1,
      value: full(`${ours}, with a signal`) / full("plain Effect: all of them, with a signal"),
      floor: full("bare: Effect.tryPromise with a signal") / full("plain Effect: all of them, with a signal")
    },
    {
      what: "added by a closed circuit to a call with a signal, of 1 µs or 1.5 times cockatiel's",
      limit: 1,
      value: added("CircuitBreaker.execute", " with a signal")
    },
    {
      what: "added by a closed circuit to a call without one, of 1 µs or 1.5 times cockatiel's",
      limit: 1,
      value: added("CircuitBreaker.execute"),
      floor: added("a bracket that guards nothing")
    },
    {
      what: "a window of 100 000 calls, of one of 100",
      limit: 1.2,
      value: window("100000 calls") / window("100 calls")
    },
    {
      what: "added by retry when nothing fails, of what Effect.retry adds",
      limit: 0.1,
      value:
        (alone("retry: effect-resilience") - alone("no policy: effect-resilience")) /
        (alone("retry: Effect.retry") - alone("bare: Effect.tryPromise"))
    },
    {
      what: "an open circuit rejecting, of cockatiel",
      limit: 0.5,
      value: open("CircuitBreaker.execute") / open("cockatiel"),
      floor: open("plain Effect, a shared error") / open("cockatiel")
    },
    {
      what: "an open circuit rejecting, of opossum",
      limit: 0.5,
      value: open("CircuitBreaker.execute") / open("opossum"),
      floor: open("plain Effect, a shared error") / open("opossum")
    },
    {
      what: "one failure and then success, of Effect.retry",
      limit: 1.5,
      value: recovery("effect-resilience") / recovery("Effect.retry")
    },
    {
      what: "reading a known error body, of new Error and JSON.parse",
      limit: 4,
      value: reading("fromHttpResponse: a known body") / reading("new Error and JSON.parse")
    },
    {
      what: "reading an Error of which nobody knows anything, of new Error",
      limit: 15,
      value: reading("fromUnknown: a plain Error") / reading("new Error")
    },
    ...["1 000", "100 000"].flatMap((elements) => {
      const stream = table(`A stream of ${elements} elements`)
      return [
        {
          what: `a guarded stream of ${elements} elements, of Stream.fromAsyncIterable`,
          limit: 1.3,
          value: stream(guarded) / stream("bare: Stream.fromAsyncIterable")
        },
        {
          what: `a guarded stream of ${elements} elements, of Stream.timeoutFail`,
          limit: 0.05,
          value: stream(guarded) / stream("Stream.timeoutFail at each element")
        }
      ]
    }),
    {
      what: "ResilientLanguageModel, of the bare LanguageModel",
      limit: 1.25,
      value: model("ResilientLanguageModel: the defaults") / model("bare: LanguageModel of @effect/ai")
    },
    {
      what: "ResilientLanguageModel, of the Vercel AI SDK",
      limit: 0.7,
      value: model("ResilientLanguageModel: the defaults") / model("Vercel AI SDK: generateText, default retries"),
      floor: model("bare: LanguageModel of @effect/ai") / model("Vercel AI SDK: generateText, default retries")
    },
    {
      what: "10 000 calls in flight, of bare fibers",
      limit: 1.4,
      value: inFlight(`${ours}, with a signal`) / inFlight("bare: fibers, Effect.tryPromise with a signal")
    },
    {
      what: "10 000 calls in flight, of cockatiel's five policies",
      limit: 0.7,
      value: inFlight(`${ours}, with a signal`) / inFlight("cockatiel: five policies"),
      floor: inFlight("bare: fibers, Effect.tryPromise with a signal") / inFlight("cockatiel: five policies")
    },
    {
      what: "bytes of a circuit at rest",
      limit: 1_024,
      value: of("Heap of a circuit at rest", "CircuitBreaker, a key")
    },
    {
      what: "bytes of a waiting call",
      limit: 6_144,
      value: waiting(`${ours}, with a signal`),
      floor: waiting("bare: a fiber, Effect.tryPromise with a signal")
    },
    { what: "bytes left after a million calls", limit: 100_000, value: of("Heap left after a million calls", ours) },
    {
      what: "a protected call with chaos that is off, of one without",
      limit: 1.05,
      value: chaos("with Chaos.inject, a layer that is off") / chaos("a protected call")
    },
    {
      what: "a protected stream with chaos that is off, of one without",
      limit: 1.05,
      value: chaos("a protected stream with Chaos.injectStream, a layer that is off") / chaos("a protected stream")
    },
    {
      what: "a simulated call, of one under TestClock",
      limit: 0.1,
      value: virtual("Simulation, 100 clients") / virtual("TestClock, 100 clients")
    }
  ]
}
