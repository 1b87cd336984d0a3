/**
 * What the guards of a stream cost per element, beside the bare stream of the same source.
 *
 * Run it with `npx tsx bench/stream-overhead.ts`. The ratios are what counts; the nanoseconds are this machine's.
 */
import { Effect, Either, Stream } from "effect"
import { LlmCall, Resilience, StreamDialect } from "effect-resilience"

const elements = 20_000
const rounds = 9

interface Token {
  readonly text: string
  readonly done: boolean
}

async function* source(): AsyncGenerator<Token> {
  for (let i = 1; i < elements; i++) yield { text: `token ${i} `, done: false }
  yield { text: "", done: true }
}

const dialect = StreamDialect.make<Token>({
  content: (token) => token.text !== "",
  text: (token) => token.text,
  end: (token) => token.done
})

const limits = { dialect, firstToken: "30 seconds", idle: "10 seconds" } as const

const bare = Stream.suspend(() => Stream.fromAsyncIterable(source(), (thrown) => thrown))
const sdk = LlmCall.tryStream({ target: "a", try: (_signal) => source() })

const candidates = {
  "bare Stream.fromAsyncIterable": bare,
  "LlmCall.tryStream alone": sdk,
  "LlmCall.tryStream, protected": Resilience.protectStream(sdk, "a", limits),
  "LlmCall.tryStream, protected, buffered": Resilience.protectStream(sdk, "a", { ...limits, delivery: "buffered" }),
  "any other stream, protected": Resilience.protectStream(bare, "a", limits),
  "per-element Stream.timeoutFail": Stream.timeoutFail(bare, () => new Error("idle"), "10 seconds")
}

type Name = keyof typeof candidates

const once = (name: Name) =>
  Effect.gen(function* () {
    const stream: Stream.Stream<unknown, unknown, Resilience.Resilience> = candidates[name]
    // The processor's time and not the clock's, which on a busy machine measures its neighbours.
    const start = process.cpuUsage()
    const result = yield* Effect.either(Stream.runDrain(stream))
    if (Either.isLeft(result)) return yield* Effect.die(result.left)
    const { system, user } = process.cpuUsage(start)
    return ((user + system) * 1000) / elements
  })

const median = (values: ReadonlyArray<number>): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

const program = Effect.gen(function* () {
  const names = Object.keys(candidates) as ReadonlyArray<Name>
  const seen = new Map<Name, Array<number>>(names.map((name) => [name, []]))
  // Round by round, so that what else the machine does falls on all of them alike.
  for (let round = -2; round < rounds; round++) {
    for (const name of names) {
      const nanos = yield* once(name)
      if (round >= 0) seen.get(name)?.push(nanos)
    }
  }
  const medians = names.map((name) => median(seen.get(name) ?? []))
  const [base = Number.NaN] = medians
  const table = names.map((name, i) => ({
    stream: name,
    "CPU ns per element": Math.round(medians[i] ?? Number.NaN),
    "to bare": Number(((medians[i] ?? Number.NaN) / base).toFixed(2))
  }))
  yield* Effect.sync(() => console.table(table))
})

Effect.runPromise(Effect.provide(program, Resilience.layer()))
