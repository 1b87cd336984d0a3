/**
 * Pictures of what policies wait, drawn from `RetryPolicy.delays` itself.
 *
 *   npm run docs:delays     writes them into docs/retry.md
 */
import { fileURLToPath } from "node:url"
import { Clock, Duration, Effect, Random, type Schedule } from "effect"
import { Deadline, LlmError, RetryPolicy } from "effect-resilience"
import { writeSection } from "./section.js"

const samples = 400
const width = 60

interface Picture {
  readonly code: string
  readonly policy: Schedule.Schedule<unknown, unknown>
  readonly failures?: ReadonlyArray<unknown>
  /** Milliseconds after the first failure. */
  readonly deadline?: number
}

const told = (seconds: number) => new LlmError.RateLimited({ retryAfter: Duration.seconds(seconds) })
const ill = new LlmError.ServerError({})
const unreadable = new LlmError.MalformedResponse({})
const capped = RetryPolicy.exponential("1 second").pipe(RetryPolicy.cappedAt("10 seconds"))

const pieces: ReadonlyArray<Picture> = [
  { code: `exponential("1 second")`, policy: RetryPolicy.exponential("1 second") },
  { code: `linear("1 second")`, policy: RetryPolicy.linear("1 second") },
  { code: `fixed("3 seconds")`, policy: RetryPolicy.fixed("3 seconds") },
  { code: `fibonacci("1 second")`, policy: RetryPolicy.fibonacci("1 second") },
  { code: `exponential("1 second") |> cappedAt("10 seconds")`, policy: capped },
  { code: `... |> cappedAt("10 seconds") |> fullJitter`, policy: RetryPolicy.fullJitter(capped) },
  { code: `... |> cappedAt("10 seconds") |> equalJitter`, policy: RetryPolicy.equalJitter(capped) },
  {
    code: `... |> decorrelatedJitter("10 seconds")`,
    policy: RetryPolicy.decorrelatedJitter(capped, "10 seconds")
  },
  { code: `... |> cappedAt("10 seconds") |> proportionalJitter(0.2)`, policy: RetryPolicy.proportionalJitter(capped) },
  {
    code: `... |> cappedAt("10 seconds") |> honorRetryAfter({ spread: 0.1 }), hints of 3, 6 and 9 s`,
    policy: RetryPolicy.honorRetryAfter(capped, { spread: 0.1 }),
    failures: [told(3), told(6), told(9), ill, ill]
  },
  { code: `... |> maxAttempts(4)`, policy: RetryPolicy.maxAttempts(capped, 4) },
  { code: `... |> maxElapsed("20 seconds")`, policy: RetryPolicy.maxElapsed(capped, "20 seconds") },
  {
    code: `... |> withinDeadline, with 10 s left at the first failure`,
    policy: RetryPolicy.withinDeadline(capped),
    deadline: 10_000
  },
  {
    code: `... |> whileRetryable(), an unreadable answer, a server error, an unreadable answer`,
    policy: RetryPolicy.whileRetryable(capped),
    failures: [unreadable, ill, unreadable]
  },
  {
    code: `... |> perError({ RateLimited: fixed("7 seconds") }), every second failure a 429`,
    policy: RetryPolicy.perError(capped, { RateLimited: RetryPolicy.fixed("7 seconds") }),
    failures: [ill, told(1), ill, told(1), ill]
  }
]

const presets: ReadonlyArray<Picture> = [
  { code: "standard", policy: RetryPolicy.standard },
  { code: "rateLimit", policy: RetryPolicy.rateLimit },
  { code: "interactive", policy: RetryPolicy.interactive },
  { code: "batch", policy: RetryPolicy.batch },
  { code: "never", policy: RetryPolicy.never }
]

const draw = ({ code, deadline, failures, policy }: Picture, failuresDrawn: number): Effect.Effect<string> =>
  Effect.gen(function* () {
    const runs = yield* Effect.replicateEffect(RetryPolicy.delays(policy, failures ?? failuresDrawn), samples).pipe(
      Effect.provideService(Deadline.CurrentDeadline, deadline === undefined ? undefined : deadlineAt(deadline))
    )
    const longest = Math.max(...runs.map((run) => run.length))
    const after = Array.from({ length: longest }, (_, n) => {
      const waits = runs.flatMap((run) => (run[n] === undefined ? [] : [Duration.toSeconds(run[n])]))
      return {
        low: Math.min(...waits),
        high: Math.max(...waits),
        mean: waits.reduce((a, b) => a + b, 0) / waits.length
      }
    })
    const scale = width / Math.max(...after.map(({ high }) => high))
    const lines = after.map(({ high, low, mean }, n) => {
      const from = Math.round(low * scale)
      const to = Math.max(from + 1, Math.round(high * scale))
      const bar = high - low < 0.001 ? "█".repeat(Math.max(1, to - 1)) : `${"·".repeat(from)}${"▒".repeat(to - from)}`
      const words =
        high - low < 0.001 ? seconds(mean) : `${seconds(low)} to ${seconds(high)}, ${seconds(mean)} on average`
      return `  ${String(n + 1).padStart(2)}  ${bar} ${words}`
    })
    return [code, ...(lines.length === 0 ? ["      no retry"] : lines)].join("\n")
  }).pipe(Effect.withRandom(Random.make(code)), Effect.withClock(atZero))

const deadlineAt = (at: number): Deadline.Deadline => ({ at, budget: Duration.millis(at) })

/** The pictures start at time 0. */
const atZero: Clock.Clock = { ...Clock.make(), unsafeCurrentTimeMillis: () => 0, currentTimeMillis: Effect.succeed(0) }

const seconds = (n: number): string => `${Number(n.toPrecision(2))} s`

const fenced = (text: string): string => `\`\`\`text\n${text}\n\`\`\``

const all = (pictures: ReadonlyArray<Picture>, failures: number): string =>
  fenced(Effect.runSync(Effect.forEach(pictures, (picture) => draw(picture, failures))).join("\n\n"))

/** What stands in each section of the document. */
export const pictures = (): { readonly pieces: string; readonly presets: string } => ({
  pieces: all(pieces, 6),
  presets: all(presets, 12)
})

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const drawn = pictures()
  writeSection("docs/retry.md", "pieces", drawn.pieces)
  writeSection("docs/retry.md", "presets", drawn.presets)
  console.log(`${drawn.pieces}\n${drawn.presets}`)
}
