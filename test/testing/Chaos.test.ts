import { HttpClient, HttpClientError, HttpClientResponse } from "@effect/platform"
import { it } from "@effect/vitest"
import {
  Chunk,
  Context,
  Duration,
  Effect,
  Exit,
  FastCheck,
  Fiber,
  Layer,
  Queue,
  Random,
  Stream,
  TestClock
} from "effect"
import { Classifier, LlmCall, LlmError, Resilience, ResilienceEvent, Telemetry } from "effect-resilience"
import { isCallbackEffect } from "effect-resilience/internal/fiber/callback"
import { opensReader } from "effect-resilience/internal/stream/reader"
import * as Assertions from "effect-resilience/testing/Assertions"
import * as Chaos from "effect-resilience/testing/Chaos"
import * as ChaosHttpClient from "effect-resilience/testing/ChaosHttpClient"
import { describe, expect } from "vitest"

const busy = new LlmError.Overloaded({ status: 529 })
const down = new LlmError.ServerError({ status: 503 })
const answer = Effect.succeed("answer")

const outcome = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<string, never, R> =>
  Effect.match(self, { onFailure: (error) => (error as { readonly _tag: string })._tag, onSuccess: String })

const outcomes = (calls: number, target = "acme") =>
  Effect.forEach(Array.from({ length: calls }), () => outcome(Chaos.inject(answer, target)))

describe("V5: chaos", () => {
  it.effect("is off until it is switched on, and off again", () =>
    Effect.gen(function* () {
      const chaos = yield* Chaos.Chaos
      expect(yield* outcomes(2)).toEqual(["answer", "answer"])
      yield* chaos.on
      expect(yield* chaos.isOn).toBe(true)
      expect(yield* outcomes(2)).toEqual(["Overloaded", "Overloaded"])
      yield* chaos.off
      expect(yield* outcomes(1)).toEqual(["answer"])
      expect(yield* chaos.injected).toBe(2)
      yield* chaos.set([{ fault: Chaos.fail(down) }])
      expect(yield* outcomes(1)).toEqual(["answer"])
      yield* chaos.on
      expect(yield* outcomes(1)).toEqual(["ServerError"])
    }).pipe(Effect.provide(Chaos.layer({ rules: [{ fault: Chaos.fail(busy) }] })))
  )

  it.effect("without a layer does nothing at all, and gives back what it was given", () =>
    Effect.gen(function* () {
      expect(yield* outcomes(3)).toEqual(["answer", "answer", "answer"])
      yield* Effect.flatMap(Chaos.Chaos, (chaos) => chaos.on)
      expect(yield* outcomes(1)).toEqual(["answer"])
    })
  )

  it.effect("gives the same faults for the same seed, whatever runs beside, and their rates", () =>
    Effect.gen(function* () {
      const rules = [
        { rate: 0.3, fault: Chaos.fail(busy) },
        { rate: 0.1, fault: Chaos.fail(down) }
      ]
      const drawn = (seed: string, beside: boolean) =>
        Effect.gen(function* () {
          const all: Array<string> = []
          for (let i = 0; i < 1_000; i++) {
            if (beside) yield* outcomes(1, "another")
            all.push(...(yield* outcomes(1)))
          }
          return all
        }).pipe(Effect.provide(Chaos.layer({ seed, on: true, rules })))
      const once = yield* drawn("a", false)
      expect(yield* drawn("a", true)).toEqual(once)
      expect(yield* drawn("b", false)).not.toEqual(once)
      const count = (tag: string) => once.filter((one) => one === tag).length
      expect(count("Overloaded")).toBeGreaterThan(250)
      expect(count("Overloaded")).toBeLessThan(350)
      expect(count("ServerError")).toBeGreaterThan(40)
      expect(count("ServerError")).toBeLessThan(110)
    })
  )

  it.effect("has outages by the clock, from the moment it is switched on", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust("1 hour")
      yield* Effect.flatMap(Chaos.Chaos, (chaos) => chaos.on)
      const at: Array<string> = []
      for (let minute = 0; minute < 7; minute++) {
        at.push(...(yield* outcomes(1)))
        yield* TestClock.adjust("1 minute")
      }
      expect(at).toEqual(["answer", "answer", "answer", "ServerError", "ServerError", "answer", "answer"])
    }).pipe(Effect.provide(Chaos.layer({ rules: [{ from: "3 minutes", to: "5 minutes", fault: Chaos.fail(down) }] })))
  )

  it.effect("delays, stalls, interrupts and loses answers, of the targets that are named", () =>
    Effect.gen(function* () {
      let asked = 0
      const call = Effect.sync(() => ++asked)
      const delayed = yield* Effect.fork(Chaos.inject(call, "slow"))
      yield* TestClock.adjust("1999 millis")
      expect(asked).toBe(0)
      yield* TestClock.adjust("1 millis")
      expect(yield* Fiber.join(delayed)).toBe(1)
      expect(Exit.isInterrupted(yield* Effect.exit(Chaos.inject(call, "interrupted")))).toBe(true)
      const stalled = yield* Effect.fork(Chaos.inject(call, "stalled"))
      yield* TestClock.adjust("1 day")
      expect(yield* Fiber.poll(stalled)).toMatchObject({ _tag: "None" })
      expect(asked).toBe(1)
      yield* Fiber.interrupt(stalled)
      expect(yield* outcome(Chaos.inject(call, "lost"))).toBe("ConnectionFailed")
      expect(asked).toBe(2)
      expect(yield* Chaos.inject(call, "another")).toBe(3)
    }).pipe(
      Effect.provide(
        Chaos.layer({
          on: true,
          rules: [
            { targets: ["slow"], fault: Chaos.delay("2 seconds") },
            { targets: ["stalled"], fault: Chaos.stall },
            { targets: ["interrupted"], fault: Chaos.interrupt },
            { targets: ["lost"], fault: Chaos.cut() }
          ]
        })
      )
    )
  )

  it.effect("cuts streams after so many elements, and fails them before the first", () =>
    Effect.gen(function* () {
      const read = (target: string) =>
        Effect.gen(function* () {
          const seen: Array<number> = []
          const end = yield* Effect.flip(
            Stream.runForEach(Chaos.injectStream(Stream.range(1, 9), target), (n) => Effect.sync(() => seen.push(n)))
          )
          return [seen, end._tag]
        })
      expect(yield* read("cut")).toEqual([[1, 2, 3], "ConnectionFailed"])
      expect(yield* read("failed")).toEqual([[], "Overloaded"])
      expect(Chunk.size(yield* Stream.runCollect(Chaos.injectStream(Stream.range(1, 9), "sound")))).toBe(9)
    }).pipe(
      Effect.provide(
        Chaos.layer({
          on: true,
          rules: [
            { targets: ["cut"], fault: Chaos.cut({ after: 3 }) },
            { targets: ["failed"], fault: Chaos.fail(busy) }
          ]
        })
      )
    )
  )

  it.effect("V5: is the very same call to the policies while it is off, and one with their limits while it is on", () =>
    Effect.gen(function* () {
      let aborted = 0
      const call = LlmCall.tryPromise({
        try: (signal) =>
          new Promise<string>((resolve) => {
            signal.addEventListener("abort", () => aborted++)
            setImmediate(() => resolve("answer"))
          })
      })
      const chunks = LlmCall.tryStream({
        try: async function* () {
          yield "one"
          yield "two"
        }
      })
      const injected = Chaos.inject(call, "acme")
      const stream = Chaos.injectStream(chunks, "acme")
      // What the policies look for: see `protectEffect` and `attempt`.
      expect(isCallbackEffect(injected)).toBe(isCallbackEffect(call))
      expect(opensReader(stream)).toBe(opensReader(chunks))
      const policies = yield* Resilience.make({
        attemptTimeout: "5 seconds",
        retry: false,
        stream: { firstToken: "5 seconds" }
      })
      const asking = policies.protect("acme", injected)
      const reading = Stream.mkString(Stream.map(policies.protectStream("acme", {}, stream), String))
      expect(yield* asking).toBe("answer")
      expect(yield* reading).toBe("onetwo")

      const chaos = yield* Chaos.make({ on: true, rules: [{ fault: Chaos.stall }] })
      const disturbed = <A, E>(self: Effect.Effect<A, E>) => Effect.provideService(self, Chaos.Chaos, chaos)
      for (const self of [disturbed(asking), disturbed(reading)]) {
        const ended = yield* Assertions.runToEnd(self)
        yield* Assertions.attempts(ended, [{ outcome: "TimedOut" }])
        yield* Assertions.within(ended, "5 seconds")
      }
      yield* chaos.set([{ fault: Chaos.delay("3 seconds") }])
      expect(Duration.toSeconds((yield* Assertions.runToEnd(disturbed(asking))).took)).toBe(3)
      expect(Duration.toSeconds((yield* Assertions.runToEnd(disturbed(reading))).took)).toBe(3)
      const leaving = Effect.timeoutOption(disturbed(asking), "1 second")
      expect(Duration.toSeconds((yield* Assertions.runToEnd(Assertions.noLeaks(leaving))).took)).toBe(1)
      expect(aborted).toBe(0)
    }).pipe(Effect.scoped)
  )

  it.effect("is marked: in events, in the trail and in the failure itself", () =>
    Effect.gen(function* () {
      const events = yield* ResilienceEvent.subscribe
      const { trail } = yield* Telemetry.withTrail(
        Effect.exit(answer.pipe(Chaos.inject("acme"), Resilience.protect("acme", { retry: { maxAttempts: 1 } })))
      )
      expect(trail).toMatchObject([
        { outcome: "Overloaded", error: { code: "injected", message: expect.stringContaining("Injected by Chaos") } }
      ])
      const seen = Chunk.toReadonlyArray(yield* Queue.takeAll(events))
      expect(seen.find(({ _tag }) => _tag === "FaultInjected")).toMatchObject({
        target: "acme",
        fault: "Fail",
        wait: 0
      })
    }).pipe(
      Effect.scoped,
      Effect.provide(Resilience.layer()),
      Effect.provide(Chaos.layer({ on: true, rules: [{ fault: Chaos.fail(busy) }] })),
      Effect.provide(ResilienceEvent.layer())
    )
  )

  it("refuses what is no rule, by its place", () => {
    const refused = (rule: object) => () => Effect.runSync(Chaos.make({ rules: [rule as Chaos.Rule] }))
    expect(refused({ fault: Chaos.stall, rate: 2 })).toThrow("rules[0].rate is 2, and has to be a number from 0 to 1")
    expect(refused({ fault: "stall" })).toThrow('rules[0].fault is "stall", and has to be a fault')
    expect(refused({ fault: Chaos.stall, share: 1 })).toThrow('rules[0] has no option "share"')
    expect(refused({ fault: Chaos.stall, from: "soon" })).toThrow('rules[0].from is "soon"')
    expect(refused({ fault: Chaos.stall, from: "5 minutes", to: "3 minutes" })).toThrow(
      'rules[0].to is "3 minutes", and has to be later than from'
    )
    expect(refused({ fault: Chaos.stall, targets: "openai/gpt-5" })).toThrow(
      'rules[0].targets is "openai/gpt-5", and has to be a list of targets\' names'
    )
    expect(() => Effect.runSync(Chaos.make({} as never))).toThrow("rules is undefined, and has to be a list of rules")
    expect(() => Chaos.fail("busy" as never)).toThrow('Chaos.fail: error is "busy", and has to be an LlmError')
    expect(() => Chaos.cut({ after: -1 })).toThrow("after is -1")
    expect(() => Chaos.delay("2 seconds", "1 second")).toThrow("no shorter than from")
  })
})

describe("a service", () => {
  class Search extends Context.Tag("Search")<
    Search,
    {
      readonly find: (text: string) => Effect.Effect<string, Error>
      readonly all: Stream.Stream<string, Error>
      readonly size: number
    }
  >() {}

  const Live = Layer.succeed(Search, {
    find: (text) => (text === "" ? Effect.fail(new Error("own")) : Effect.succeed(`found ${text}`)),
    all: Stream.make("a", "b", "c"),
    size: 3
  })

  it.effect("V5: is disturbed in its effects and streams, in its own kind of failure", () =>
    Effect.gen(function* () {
      const search = yield* Search
      const chaos = yield* Chaos.Chaos
      expect(yield* search.find("x")).toBe("found x")
      expect(yield* Effect.flip(search.find(""))).toMatchObject({ message: "own" })
      expect(search.size).toBe(3)
      yield* chaos.on
      expect((yield* Effect.flip(search.find("x"))).message).toContain("disturbed: Injected by Chaos")
      expect((yield* Effect.flip(Stream.runDrain(search.all))).message).toContain("disturbed")
    }).pipe(
      Effect.provide(
        Chaos.layerService(Search, { target: "search", error: (error) => new Error(`disturbed: ${error.message}`) })
      ),
      Effect.provide(Live),
      Effect.provide(Chaos.layer({ rules: [{ fault: Chaos.fail(busy) }] }))
    )
  )
})

describe("an HttpClient", () => {
  const body = Stream.make("one ", "two ", "three").pipe(Stream.encodeText)
  const client = HttpClient.make((request) =>
    Effect.map(Stream.toReadableStreamEffect(body), (body) =>
      HttpClientResponse.fromWeb(request, new Response(body, { headers: { "x-request-id": "1" } }))
    )
  ).pipe(ChaosHttpClient.inject("acme"))
  const url = "https://acme.example/v1/chat/completions"
  const under = (fault: Chaos.Fault) => Effect.provide(Chaos.layer({ on: true, rules: [{ fault }] }))

  it.effect("V5: gets what a provider would have sent, which is read as the failure that was meant", () =>
    Effect.gen(function* () {
      const errors = [
        new LlmError.RateLimited({ retryAfter: Duration.seconds(20) }),
        busy,
        down,
        new LlmError.QuotaExhausted({}),
        new LlmError.ContextLengthExceeded({}),
        new LlmError.AuthenticationFailed({}),
        new LlmError.ModelNotFound({})
      ]
      for (const error of errors) {
        const read = Effect.gen(function* () {
          const response = yield* client.post(url)
          expect(response.headers["x-effect-resilience-chaos"]).toBe(error._tag)
          const { headers, status } = response
          return Classifier.fromHttpResponse({ status, headers, body: yield* response.text })
        })
        const again = yield* read.pipe(under(Chaos.fail(error)))
        expect(again._tag).toBe(error._tag)
        expect(again.retryAfter).toEqual(error.retryAfter)
      }
    })
  )

  it.effect("loses its connection before the response, or in its body", () =>
    Effect.gen(function* () {
      const refused = yield* Effect.flip(client.post(url)).pipe(
        under(Chaos.fail(new LlmError.ConnectionFailed({ sent: "maybe" })))
      )
      expect(refused).toBeInstanceOf(HttpClientError.RequestError)
      expect(Classifier.fromUnknown(refused)._tag).toBe("ConnectionFailed")
      const seen: Array<string> = []
      const cut = yield* Effect.flatMap(client.post(url), (response) =>
        Stream.runForEach(Stream.decodeText(response.stream), (text) => Effect.sync(() => seen.push(text)))
      ).pipe(Effect.flip, under(Chaos.cut({ after: 2 })))
      expect(seen.join("")).toBe("one two ")
      expect(cut._tag).toBe("ResponseError")
      expect(yield* Effect.flatMap(client.post(url), (response) => response.text)).toBe("one two three")
    })
  )
})

it.effect("V5: any program under any chaos of rate 0 is the program", () =>
  Effect.promise(() =>
    FastCheck.assert(
      FastCheck.asyncProperty(FastCheck.array(FastCheck.boolean(), { maxLength: 20 }), async (program) => {
        const calls = program.map((ok) => (ok ? answer : Effect.fail(down)))
        const all = (one: (call: Effect.Effect<string, LlmError.LlmError>) => Effect.Effect<string, unknown>) =>
          Effect.forEach(calls, (call) => outcome(one(call)))
        const rules = [Chaos.fail(busy), Chaos.stall, Chaos.cut()].map((fault) => ({ fault, rate: 0 }))
        const disturbed = all(Chaos.inject("acme")).pipe(Effect.provide(Chaos.layer({ on: true, rules })))
        expect(await Effect.runPromise(disturbed)).toEqual(await Effect.runPromise(all((call) => call)))
      }),
      { numRuns: 20 }
    )
  ).pipe(Effect.withRandom(Random.make("seed")))
)
