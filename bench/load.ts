/**
 * A provider with limits that it keeps to itself, and 200 clients that want twice as much, in virtual time.
 *
 *   npm run docs:load     writes the table and the picture into docs/load.md
 */
import { fileURLToPath } from "node:url"
import { Duration, Effect, Exit, Random } from "effect"
import { LlmError, RateLimit, Resilience } from "effect-resilience"
import * as Simulation from "effect-resilience/testing/Simulation"
import { writeSection } from "./section.js"

const clients = 200
const minutes = 3
const end = minutes * 60_000

/** What the provider takes: requests and tokens in a minute, as buckets of a tenth of it, and calls at once. */
const hidden = { requests: 600, tokens: 600_000, concurrent: 60 }

interface Row {
  readonly title: string
  readonly options: Resilience.Options | undefined
}

const retry = { maxAttempts: 4, initialDelay: "1 second" } as const
const only = { retry, circuitBreaker: false, attemptTimeout: "1 minute" } as const
const known = (factor: number): RateLimit.Options => ({
  requests: { limit: hidden.requests * factor, burst: (hidden.requests * factor) / 10 },
  tokens: { limit: hidden.tokens * factor, burst: (hidden.tokens * factor) / 10 },
  maxWait: "1 minute"
})

const breaking = { retry, circuitBreaker: { openDuration: "5 seconds" } } as const

const rows: ReadonlyArray<Row> = [
  { title: "nothing", options: undefined },
  { title: "retry only", options: only },
  { title: "fixed bulkhead of 40", options: { ...only, bulkhead: { maxConcurrent: 40, maxWait: "1 minute" } } },
  { title: "rate limit known", options: { ...only, rateLimit: known(1) } },
  {
    title: "rate limit known, and a bulkhead of 60",
    options: { ...only, rateLimit: known(1), bulkhead: { maxConcurrent: 60, maxWait: "1 minute" } }
  },
  { title: "rate limit known wrongly, twice as high", options: { ...only, rateLimit: known(2) } },
  { title: "adaptive, aimd", options: { ...only, adaptiveLimit: { maxWait: "1 minute" } } },
  { title: "adaptive, gradient", options: { ...only, adaptiveLimit: { algorithm: "gradient", maxWait: "1 minute" } } },
  { title: "circuit breaker", options: breaking },
  { title: "circuit breaker, ramp up of 20 s", options: { ...breaking, rampUp: "20 seconds" } },
  { title: "circuit breaker, adaptive", options: { ...breaking, adaptiveLimit: { maxWait: "1 minute" } } },
  {
    title: "circuit breaker, adaptive, ramp up of 20 s",
    options: { ...breaking, adaptiveLimit: { maxWait: "1 minute" }, rampUp: "20 seconds" }
  }
]

/** What one row of the table has come to. */
export interface Counts {
  readonly title: string
  readonly result: Simulation.Result
  /** Milliseconds that answered calls took longer than the answer itself, in order. */
  readonly waits: ReadonlyArray<number>
}

/** A bucket that fills evenly. */
class Bucket {
  private level: number
  private at = 0
  constructor(
    private readonly perMinute: number,
    private readonly most: number
  ) {
    this.level = most
  }
  take(amount: number, now: number): boolean {
    this.level = Math.min(this.most, this.level + ((now - this.at) * this.perMinute) / 60_000)
    this.at = now
    if (this.level < amount) return false
    this.level -= amount
    return true
  }
}

const provider = () => {
  const requests = new Bucket(hidden.requests, hidden.requests / 10)
  const tokens = new Bucket(hidden.tokens, hidden.tokens / 10)
  let running = 0
  const refused = <E>(error: E): Effect.Effect<never, E> => Effect.delay(Effect.fail(error), 5)
  return (input: number, output: number, millis: number) =>
    Effect.clockWith((clock) =>
      Effect.suspend((): Effect.Effect<unknown, LlmError.LlmError> => {
        if (running >= hidden.concurrent) return refused(new LlmError.Overloaded({ status: 529 }))
        const now = clock.unsafeCurrentTimeMillis()
        if (!requests.take(1, now) || !tokens.take(input + output, now)) {
          return refused(new LlmError.RateLimited({ status: 429 }))
        }
        running++
        return Effect.ensuring(
          Effect.as(Effect.sleep(millis), { usage: { input_tokens: input, output_tokens: output } }),
          Effect.sync(() => running--)
        )
      })
    )
}

const run = async ({ options, title }: Row): Promise<Counts> => {
  const waits: Array<number> = []
  const ask = provider()
  const simulated = Effect.gen(function* () {
    const policies = options === undefined ? undefined : yield* Resilience.make(options)
    const protect = <A, E>(call: Effect.Effect<A, E>): Effect.Effect<A, unknown> =>
      policies === undefined ? call : policies.protect("provider", call)
    return yield* Simulation.run({
      clients,
      duration: end,
      client: ({ attempt, call, index }) =>
        Effect.gen(function* () {
          yield* Simulation.pause("2 seconds", "8 seconds")
          const input = yield* Random.nextIntBetween(200, 1_000)
          const output = yield* Random.nextIntBetween(50, 350)
          // 20 ms a token, and as much again for a first one that is long in coming.
          const millis = Math.round(output * 20 * (yield* Random.nextRange(0.8, 1.2))) + 500
          const estimate = { inputTokens: input, outputTokens: 200 }
          const asking = protect(attempt("provider")(ask(input, output, millis))).pipe(RateLimit.withEstimate(estimate))
          const [took, exit] = yield* Effect.timed(Effect.exit(call(asking)))
          if (Exit.isSuccess(exit)) waits.push(Duration.toMillis(took) - millis)
        }).pipe(Effect.forever, Effect.withRandom(Random.make(`client ${index}`)))
    })
  })
  const result = await Effect.runPromise(Effect.scoped(simulated))
  return { title, result, waits: waits.sort((a, b) => a - b) }
}

/** Those rows of the table whose titles are asked for; all of them unless some are. */
export const load = async (titles?: ReadonlyArray<string>): Promise<ReadonlyArray<Counts>> => {
  const all: Array<Counts> = []
  for (const row of rows) if (titles?.includes(row.title) ?? true) all.push(await run(row))
  return all
}

/** Jain's index: 1 where all have the same, and `1 / n` where one of `n` has all. */
export const fairness = (shares: ReadonlyArray<number>): number => {
  const sum = shares.reduce((a, b) => a + b, 0)
  const squares = shares.reduce((a, b) => a + b * b, 0)
  return squares === 0 ? 1 : (sum * sum) / (shares.length * squares)
}

const seconds = (millis: number | undefined): string => `${((millis ?? 0) / 1_000).toFixed(1)} s`

const at = (sorted: ReadonlyArray<number>, share: number): number | undefined =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]

/** Attempts that the provider has refused; those under way at the end were not. */
const refusals = ({ attempts }: Simulation.Result): number => {
  const { Overloaded = 0, RateLimited = 0 } = attempts.provider?.outcomes ?? {}
  return Overloaded + RateLimited
}

const answers = ({ calls }: Simulation.Result): number => calls.outcomes.Success ?? 0

export const table = (all: ReadonlyArray<Counts>): string =>
  [
    "| | answers a minute | refused of those sent | wait, median | wait, 95 % | fairness |",
    "|---|---:|---:|---:|---:|---:|",
    ...all.map(({ result, title, waits }) => {
      const share = `${((100 * refusals(result)) / Math.max(1, result.attempts.provider?.total ?? 0)).toFixed(1)} %`
      const cells = [Math.round(answers(result) / minutes), share, seconds(at(waits, 0.5)), seconds(at(waits, 0.95))]
      return `| ${[title, ...cells, fairness(result.answered).toFixed(3)].join(" | ")} |`
    })
  ].join("\n")

/** Answers as `#` and refusals as `.`, twenty a minute each. */
export const picture = (all: ReadonlyArray<Counts>): string => {
  const widest = Math.max(...all.map(({ title }) => title.length))
  const bar = (count: number, mark: string): string => mark.repeat(Math.round(count / minutes / 20))
  return [
    "```text",
    ...all.map(
      ({ result, title }) => `${title.padEnd(widest)}  ${bar(answers(result), "#")}${bar(refusals(result), ".")}`
    ),
    "```"
  ].join("\n")
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const all = await load()
  writeSection("docs/load.md", "load", table(all))
  writeSection("docs/load.md", "load-picture", picture(all))
  console.log(`${table(all)}\n\n${picture(all)}`)
}
