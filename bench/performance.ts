/** What a user of the toolkit wants to know of the results. */
import type { Result, Run } from "./record.js"
import { amount } from "./report.js"
import { table } from "./table.js"

const ours = "effect-resilience: the defaults"
const oursWithSignal = `${ours}, with a signal`
const plainWithSignal = "plain Effect: all of them, with a signal"
const byHand = "by hand: retry, breaker, timeout"

interface Comparison {
  readonly what: string
  /** The title of the shape. */
  readonly shape: string
  readonly ours: string
  readonly beside: ReadonlyArray<string>
}

const comparisons: ReadonlyArray<Comparison> = [
  {
    what: "a call that succeeds, through everything",
    shape: "Success through the full stack",
    ours,
    beside: ["plain Effect: all of them", "Effect.withExecutionPlan: retry", "opossum: breaker, timeout"]
  },
  {
    what: "the same, with a signal",
    shape: "Success through the full stack",
    ours: oursWithSignal,
    beside: ["cockatiel: five policies", plainWithSignal, byHand]
  },
  {
    what: "a call that succeeds, through a retry",
    shape: "Success through each policy alone",
    ours: "retry: effect-resilience",
    beside: ["retry: Effect.retry", "retry: p-retry", "retry: cockatiel", "retry: by hand"]
  },
  {
    what: "a call that succeeds, through a breaker",
    shape: "Success through each policy alone",
    ours: "breaker: CircuitBreaker.execute",
    beside: ["breaker: a Ref in Effect", "breaker: opossum", "breaker: cockatiel", "breaker: by hand"]
  },
  {
    what: "a call that an open circuit rejects",
    shape: "An open circuit rejects",
    ours: "CircuitBreaker.execute",
    beside: ["cockatiel", "opossum"]
  },
  {
    what: "a failure, then success",
    shape: "One failure, then success, without a wait",
    ours: "effect-resilience",
    beside: ["cockatiel", "Effect.retry", "p-retry", "by hand"]
  },
  {
    what: "a call, when 10 000 are in flight",
    shape: "10 000 calls in flight",
    ours: oursWithSignal,
    beside: ["cockatiel: five policies", plainWithSignal, byHand]
  },
  {
    what: "an element of a stream with timeouts",
    shape: "A stream of 100 000 elements",
    ours: "effect-resilience: first-token and idle timeouts, the defaults",
    beside: ["bare: Stream.fromAsyncIterable", "Stream.timeoutFail at each element"]
  },
  {
    what: "`generateText` over a mock model",
    shape: "generateText over a model that answers at once",
    ours: "ResilientLanguageModel: the defaults",
    beside: ["Vercel AI SDK: generateText, default retries", "bare: LanguageModel of @effect/ai"]
  },
  {
    what: "heap of a circuit at rest",
    shape: "Heap of a circuit at rest",
    ours: "CircuitBreaker, a key",
    beside: ["cockatiel", "opossum"]
  },
  {
    what: "heap of a waiting call",
    shape: "Heap of a waiting call",
    ours: oursWithSignal,
    beside: ["cockatiel: five policies", plainWithSignal, byHand]
  }
]

const resultOf = ({ results }: Run, title: string): Result => {
  const result = results.find(({ shape }) => shape.title === title)
  if (result === undefined) throw new Error(`The results have no shape "${title}"`)
  return result
}

const medianOf = ({ rows, shape }: Result, name: string): number => {
  const row = rows.find((row) => row.name === name)
  if (row === undefined) throw new Error(`"${shape.title}" has no row "${name}"`)
  return row.median
}

/** The toolkit's cost in terms of another's, as a reader takes it in. */
const times = (ratio: number): string => (ratio < 10 ? ratio.toFixed(2) : ratio.toFixed(0))

const compared = (run: Run, wanted: (ratio: number) => boolean): string =>
  table(
    [
      ["", "beside", "costs", "the toolkit", "ratio"],
      ...comparisons
        .filter(({ shape }) => run.results.some((result) => result.shape.title === shape))
        .flatMap(({ beside, ours, shape, what }) => {
          const result = resultOf(run, shape)
          const own = medianOf(result, ours)
          return beside
            .map((name) => ({ name, cost: medianOf(result, name) }))
            .filter(({ cost }) => wanted(own / cost))
            .map(({ cost, name }) => [
              what,
              name,
              amount(result.shape, cost),
              amount(result.shape, own),
              times(own / cost)
            ])
        })
    ],
    2
  )

export const ahead = (run: Run): string => compared(run, (ratio) => ratio < 1)

export const behind = (run: Run): string => compared(run, (ratio) => ratio >= 1)

export const newest = (run: Run | string): string =>
  typeof run === "string"
    ? `It was not measured in the last run: ${run}.`
    : `Node ${run.node} with cockatiel ${run.versions.cockatiel} and opossum ${run.versions.opossum}:

${compared(run, () => true)}`

const width = 50

const bars = ({ rows, shape }: Result): string => {
  const sorted = [...rows].sort((a, b) => a.median - b.median)
  const longest = Math.max(...sorted.map(({ name }) => name.length))
  const scale = width / Math.max(...sorted.map(({ median }) => median))
  return [
    shape.title,
    ...sorted.map(({ median, name }) => {
      const bar = (/resilien/i.test(name) ? "█" : "░").repeat(Math.round(median * scale))
      return `  ${name.padEnd(longest)}  ${bar}${bar && " "}${amount(shape, median)}`
    })
  ].join("\n")
}

export const picture = (run: Run): string => {
  const drawn = [
    "Success through the full stack",
    "10 000 calls in flight",
    "generateText over a model that answers at once"
  ].map((title) => bars(resultOf(run, title)))
  return `\`\`\`text\n${drawn.join("\n\n")}\n\`\`\``
}

const modelCall = 500e6

export const share = (run: Run): string => {
  const full = resultOf(run, "Success through the full stack")
  const [bare, own] = [medianOf(full, "bare: Effect.tryPromise with a signal"), medianOf(full, oursWithSignal)]
  const percent = Number(((100 * (own - bare)) / modelCall).toPrecision(2))
  return `A call with a signal that succeeds takes ${amount(full.shape, bare)} as a bare Effect and ${amount(full.shape, own)} through the whole default stack. The
difference is ${percent} % of a model call that takes 500 ms.`
}

export const inShort = (run: Run): string => {
  const full = resultOf(run, "Success through the full stack")
  const model = resultOf(run, "generateText over a model that answers at once")
  const own = medianOf(full, oursWithSignal)
  const of = (name: string): string => times(own / medianOf(full, name))
  const opossum = times(medianOf(full, ours) / medianOf(full, "opossum: breaker, timeout"))
  const ofModel = (name: string): string =>
    times(medianOf(model, "ResilientLanguageModel: the defaults") / medianOf(model, name))
  return `A call with a signal takes ${amount(full.shape, own)} through the whole default stack, on the machine of
[the last run](docs/performance.md): ${of("cockatiel: five policies")} times what cockatiel's five policies take and ${of(plainWithSignal)} times the same put together
in plain Effect, but ${of(byHand)} times a retry, breaker and timeout written by hand. Without a signal it takes ${opossum} times
opossum's breaker and timeout.
\`ResilientLanguageModel\` takes ${ofModel("bare: LanguageModel of @effect/ai")} times the bare \`LanguageModel\`, and ${ofModel("Vercel AI SDK: generateText, default retries")} times the Vercel AI SDK.`
}
