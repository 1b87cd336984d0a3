/**
 * A retry storm, in virtual time: what 1 000 clients do to a provider that is down for a minute.
 *
 *   npm run docs:storm     writes the table into docs/retry.md
 */
import { fileURLToPath } from "node:url"
import { Clock, Context, Effect, Layer, Random, type Schedule } from "effect"
import { CircuitBreaker, LlmError, RetryBudget, RetryPolicy } from "effect-resilience"
import * as Simulation from "effect-resilience/testing/Simulation"
import { writeSection } from "./section.js"

const clients = 1_000
const outage = 60_000
const end = 120_000
/** In milliseconds: what the provider can take in any of these; what is more is turned away. */
const slotLength = 100
const capacity = 50
/** A client that has been told of a failure makes its next call in a while, as people and jobs do: each in its own. */
const pause = Simulation.pause("2500 millis", "7500 millis")

type Protect = <A>(call: Effect.Effect<A, LlmError.LlmError>) => Effect.Effect<A, unknown>

interface Row {
  readonly title: string
  readonly protect: Effect.Effect<Protect>
}

const retrying = (jitter: RetryPolicy.Jitter): RetryPolicy.RetryPolicy =>
  RetryPolicy.make({ maxAttempts: 8, initialDelay: "500 millis", jitter })

const plain =
  (policy: Schedule.Schedule<unknown, unknown>): Protect =>
  (call) =>
    Effect.retry(call, policy)

const budgeted = (policy: RetryPolicy.RetryPolicy): Effect.Effect<Protect> =>
  Effect.map(RetryBudget.make({ share: 0.1, minimumPerSecond: 1 }), (budget): Protect => {
    const service = Context.make(RetryBudget.RetryBudget, budget)
    return (call) => Effect.provide(RetryBudget.retry(call, policy, "provider"), service)
  })

const breaking = Effect.map(
  Effect.scoped(Layer.build(CircuitBreaker.layerMemory({ openDuration: "10 seconds" }))),
  (context): Protect => {
    const breaker = Context.get(context, CircuitBreaker.CircuitBreaker)
    return (call) => breaker.execute(call, { key: "provider" })
  }
)

/** The breaker stands inside the retries, as each attempt passes it. */
const inside = (outer: Effect.Effect<Protect>): Effect.Effect<Protect> =>
  Effect.zipWith(
    outer,
    breaking,
    (outer, inner): Protect =>
      (call) =>
        outer(inner(call) as typeof call)
  )

const rows: ReadonlyArray<Row> = [
  { title: "no retry", protect: Effect.succeed(plain(RetryPolicy.never)) },
  { title: "retry, no jitter", protect: Effect.succeed(plain(retrying("none"))) },
  { title: "retry, equal jitter", protect: Effect.succeed(plain(retrying("equal"))) },
  { title: "retry, full jitter", protect: Effect.succeed(plain(retrying("full"))) },
  { title: "retry, equal jitter, budget of 10 %", protect: budgeted(retrying("equal")) },
  { title: "retry, equal jitter, circuit breaker", protect: inside(Effect.succeed(plain(retrying("equal")))) },
  { title: "retry, equal jitter, budget and circuit breaker", protect: inside(budgeted(retrying("equal"))) }
]

/** What one row of the table has counted. */
export interface Counts {
  readonly title: string
  readonly callsMade: number
  readonly sentInOutage: number
  readonly peak: number
  readonly turnedAway: number
  readonly allServed: number | undefined
}

const down = new LlmError.ServerError({ status: 503 })
const busy = new LlmError.Overloaded({ status: 529 })

/** It counts for itself what it has been sent within a slot, as it decides by that. */
const provider = (): Effect.Effect<void, LlmError.LlmError> => {
  let slot = 0
  let sent = 0
  return Effect.flatMap(Clock.currentTimeMillis, (now): Effect.Effect<void, LlmError.LlmError> => {
    if (now < outage) return Effect.fail(down)
    sent = slot === Math.floor(now / slotLength) ? sent + 1 : 1
    slot = Math.floor(now / slotLength)
    return sent > capacity ? Effect.fail(busy) : Effect.void
  })
}

const run = async ({ protect: policies, title }: Row): Promise<Counts> => {
  const answered = provider()
  const simulated = Effect.flatMap(policies, (protect) =>
    Simulation.run({
      clients,
      duration: end,
      interval: slotLength,
      client: ({ attempt, call, index }) => {
        const once: Effect.Effect<void> = Effect.catchAll(call(protect(attempt("provider")(answered))), () =>
          Effect.zipRight(pause, once)
        )
        return Effect.withRandom(once, Random.make(`client ${index}`))
      }
    })
  )
  const { attempts, calls, timeline } = await Effect.runPromise(simulated)
  const inOutage = timeline.filter(({ at }) => at < outage)
  const served = timeline.filter(({ attempts }) => (attempts.outcomes.Success ?? 0) > 0)
  return {
    title,
    callsMade: calls.total,
    sentInOutage: inOutage.reduce((sum, { attempts }) => sum + attempts.total, 0),
    // The first 100 ms are the same for everyone: all calls that were under way when the provider went down.
    peak: Math.max(...timeline.slice(1).map(({ attempts }) => attempts.total)),
    turnedAway: attempts.provider?.outcomes.Overloaded ?? 0,
    allServed: calls.outcomes.Success === clients ? (served.at(-1)?.at ?? 0) + slotLength - outage : undefined
  }
}

/** Those rows of the table whose titles are asked for; all of them unless some are. */
export const storm = async (titles?: ReadonlyArray<string>): Promise<ReadonlyArray<Counts>> => {
  const all: Array<Counts> = []
  for (const row of rows) if (titles?.includes(row.title) ?? true) all.push(await run(row))
  return all
}

const grouped = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, " ")

export const table = (all: ReadonlyArray<Counts>): string =>
  [
    "| | calls made | sent in the outage | most in 100 ms, after the first | turned away after it | all answered after |",
    "|---|---:|---:|---:|---:|---:|",
    ...all.map(({ allServed, callsMade, peak, sentInOutage, title, turnedAway }) => {
      const after = allServed === undefined ? "not in a minute" : `${(allServed / 1_000).toFixed(1)} s`
      return `| ${[title, ...[callsMade, sentInOutage, peak, turnedAway].map(grouped), after].join(" | ")} |`
    })
  ].join("\n")

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = table(await storm())
  writeSection("docs/retry.md", "storm", text)
  console.log(text)
}
