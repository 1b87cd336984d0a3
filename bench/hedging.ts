/**
 * What hedging gains and what it costs, in virtual time: ten minutes of calls to one provider under four conditions.
 *
 *   npm run docs:hedging     writes the tables and the picture into docs/hedging.md
 */
import { fileURLToPath } from "node:url"
import { Effect, Random } from "effect"
import { Hedge, LlmError } from "effect-resilience"
import * as Simulation from "effect-resilience/testing/Simulation"
import { writeSection } from "./section.js"

/** Ten calls a second for ten minutes, at random moments. */
const calls = 6_000
const minutes = 10
const end = minutes * 60_000
/** Tokens of a prompt, and of an answer, which are made at an even pace while the answer takes. */
const promptTokens = 1_000
const answerTokens = 300

/** Half of the answers come within 1.5 s; three in a hundred are stuck and take eight times as long. */
const drawn: Effect.Effect<number> = Effect.map(
  Effect.all([Random.next, Random.next, Random.next]),
  ([u, v, stuck]) => {
    const normal = Math.sqrt(-2 * Math.log(1 - u)) * Math.cos(2 * Math.PI * v)
    return 1_500 * Math.exp(0.35 * normal) * (stuck < 0.03 ? 8 : 1)
  }
)

interface Condition {
  readonly title: string
  /** By how much an answer takes longer that is asked for now, with so many under way. */
  readonly slowness: (now: number, underWay: number) => number
  /** Requests that are taken in a second. */
  readonly perSecond?: number
}

export const conditions: ReadonlyArray<Condition> = [
  { title: "slow by chance", slowness: () => 1 },
  { title: "slow for two minutes", slowness: (now) => (now >= 240_000 && now < 360_000 ? 6 : 1) },
  { title: "near its limit, slower the more is under way", slowness: (_, underWay) => Math.max(1, underWay / 21) },
  { title: "limited to 11 requests a second", slowness: () => 1, perSecond: 11 }
]

interface Row {
  readonly title: string
  readonly options: Hedge.AgainOptions | undefined
}

const quantile = (q: number): Hedge.Quantile => Hedge.quantile(q)

const rows: ReadonlyArray<Row> = [
  { title: "no hedge", options: undefined },
  { title: "after 2 s", options: { after: "2 seconds" } },
  { title: "after 2 s, no budget", options: { after: "2 seconds", budget: false } },
  { title: "after 4 s", options: { after: "4 seconds" } },
  { title: "quantile 0.9", options: { after: quantile(0.9) } },
  { title: "quantile 0.95", options: { after: quantile(0.95) } },
  { title: "quantile 0.95, no budget", options: { after: quantile(0.95), budget: false } },
  { title: "quantile 0.99", options: { after: quantile(0.99) } }
]

export interface Counts {
  readonly condition: string
  readonly title: string
  readonly result: Simulation.Result
}

const limited = new LlmError.RateLimited({ status: 429 })

/** Tells the tokens of a request that it takes, of an answer that is cut off those that were made by then. */
const provider = ({ perSecond, slowness }: Condition) => {
  let underWay = 0
  let bucket = perSecond ?? 0
  let filledAt = 0
  return (tokens: Simulation.Client["tokens"]) =>
    Effect.flatMap(Effect.zip(Effect.clock, drawn), ([clock, usual]) =>
      Effect.suspend((): Effect.Effect<void, LlmError.LlmError> => {
        const start = clock.unsafeCurrentTimeMillis()
        if (perSecond !== undefined) {
          bucket = Math.min(perSecond, bucket + ((start - filledAt) * perSecond) / 1_000)
          filledAt = start
          if (bucket < 1) return Effect.fail(limited)
          bucket--
        }
        underWay++
        const millis = usual * slowness(start, underWay)
        return Effect.onExit(Effect.sleep(millis), () =>
          Effect.suspend(() => {
            underWay--
            const share = Math.min(1, (clock.unsafeCurrentTimeMillis() - start) / millis)
            return tokens(promptTokens + answerTokens * share)
          })
        )
      })
    )
}

const run = async (condition: Condition, { options, title }: Row): Promise<Counts> => {
  const ask = provider(condition)
  const simulated = Simulation.run({
    clients: calls,
    duration: "1 hour",
    client: ({ attempt, call, index, tokens }) => {
      const once = attempt("provider")(ask(tokens))
      const asked = options === undefined ? once : Hedge.again(once, "provider", options)
      return Effect.flatMap(Random.nextRange(0, end - 60_000), (at) =>
        Effect.delay(Effect.ignore(call(asked)), at)
      ).pipe(Effect.withRandom(Random.make(`call ${index}`)))
    }
  })
  const result = await Effect.runPromise(Effect.provide(simulated, Hedge.layer()))
  return { condition: condition.title, title, result }
}

/** The rows that are asked for, under the conditions that are; all of them unless some are. */
export const hedging = async (
  wanted?: ReadonlyArray<string>,
  titles?: ReadonlyArray<string>
): Promise<ReadonlyArray<Counts>> => {
  const all: Array<Counts> = []
  for (const condition of conditions) {
    if (wanted?.includes(condition.title) === false) continue
    for (const row of rows) if (titles?.includes(row.title) ?? true) all.push(await run(condition, row))
  }
  return all
}

const seconds = (millis: number): string => `${(millis / 1_000).toFixed(1)} s`
const percent = (share: number): string => `${Math.max(0, 100 * share).toFixed(1)} %`
const latency = ({ result }: Counts, share: number): number => Simulation.quantile(result, share)

/** Requests and tokens beyond those of one request for each call, as a share. */
const extra = ({ attempts, calls, tokens }: Simulation.Result): readonly [calls: number, tokens: number] => {
  const answered = calls.outcomes.Success ?? 0
  return [(attempts.provider?.total ?? 0) / calls.total - 1, tokens / (answered * (promptTokens + answerTokens)) - 1]
}

export const table = (all: ReadonlyArray<Counts>): string =>
  conditions
    .map(({ title }) => {
      const here = all.filter(({ condition }) => condition === title)
      return [
        `**${title}**`,
        "",
        "| | p50 | p95 | p99 | extra requests | extra tokens | failed |",
        "|---|---:|---:|---:|---:|---:|---:|",
        ...here.map((row) => {
          const { calls } = row.result
          const latencies = [0.5, 0.95, 0.99].map((share) => seconds(latency(row, share)))
          const failed = calls.total - (calls.outcomes.Success ?? 0)
          return `| ${[row.title, ...latencies, ...extra(row.result).map(percent), failed].join(" | ")} |`
        })
      ].join("\n")
    })
    .join("\n\n")

/** The 99th percentile of each row as a bar, one group for each condition. */
export const picture = (all: ReadonlyArray<Counts>): string => {
  const longest = Math.max(...all.map((row) => latency(row, 0.99)))
  const widest = Math.max(...rows.map(({ title }) => title.length))
  const bar = (row: Counts): string => {
    const p99 = latency(row, 0.99)
    return `  ${row.title.padEnd(widest)}  ${"█".repeat(Math.max(1, Math.round((48 * p99) / longest)))} ${seconds(p99)}`
  }
  const groups = conditions.map(({ title }) =>
    [title, ...all.filter(({ condition }) => condition === title).map(bar)].join("\n")
  )
  return ["```text", "the slowest of 100 calls (p99)", "", groups.join("\n\n"), "```"].join("\n")
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const all = await hedging()
  writeSection("docs/hedging.md", "hedging", `${table(all)}\n\n${picture(all)}`)
  console.log(table(all))
}
