/**
 * `effect-resilience stats`: what an operation log has to say.
 *
 * @internal
 */
import { styleText } from "node:util"
import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as Options from "@effect/cli/Options"
import * as ValidationError from "@effect/cli/ValidationError"
import * as Terminal from "@effect/platform/Terminal"
import * as Config from "effect/Config"
import * as Console from "effect/Console"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { toInstall } from "./internal/missing.js"
import { asText, read } from "./internal/report.js"
import { duration, moment } from "./internal/since.js"
import { isoOf } from "./internal/words.js"

const file = Args.text({ name: "file" }).pipe(
  Args.withDescription("The log, as OperationLogFile has written it"),
  Args.withDefault("operations.db")
)

const since = Options.text("since").pipe(
  Options.withDescription('Only what ended since then: 24h, "7 days", 2026-11-28, 2026-11-28T12:00Z'),
  Options.mapEffect(moment("since")),
  Options.optional
)

const until = Options.text("until").pipe(
  Options.withDescription("Only what ended before then, as --since"),
  Options.mapEffect(moment("until")),
  Options.optional
)

const every = Options.text("every").pipe(
  Options.withDescription("The time of which failures are counted together: 5m, 1h, 1d (default: what fits)"),
  Options.mapEffect((words) =>
    Option.match(duration(words), {
      onSome: Effect.succeed,
      onNone: () =>
        Effect.fail(
          ValidationError.invalidValue(HelpDoc.p(`--every is ${words}; allowed are times such as 5m or "1 hour"`))
        )
    })
  ),
  Options.optional
)

const json = Options.boolean("json").pipe(Options.withDescription("For programs: one object, times in milliseconds"))

interface Flags {
  readonly file: string
  readonly since: Option.Option<number>
  readonly until: Option.Option<number>
  readonly every: Option.Option<Duration.Duration>
  readonly json: boolean
}

/** @internal */
export const stats: Command.Command<"stats", Terminal.Terminal, never, Flags> = Command.make(
  "stats",
  { file, since, until, every, json },
  ({ every, file, json, since, until }) =>
    Effect.gen(function* () {
      if (Option.isSome(since) && Option.isSome(until) && until.value < since.value) return yield* endsBeforeItBegins
      const { OperationLogFile, OperationStats } = yield* modules
      const period = {
        ...(Option.isSome(since) && { since: since.value }),
        ...(Option.isSome(until) && { until: until.value })
      }
      const report = yield* Effect.flatMap(OperationStats.OperationStats, (stats) =>
        read(stats, period, Option.getOrUndefined(Option.map(every, Duration.toMillis)))
      ).pipe(Effect.provide(OperationLogFile.layerStats({ path: file })))
      if (json) return yield* Console.log(JSON.stringify({ file, ...period, ...report }, undefined, 2))
      const page = yield* paper
      yield* Console.log(`${page.heading(`${file}${from(period.since)}`)}\n${asText(report, page)}`)
    }).pipe(
      Effect.catchAll((error) =>
        Effect.zipRight(
          Console.error(error.message),
          Effect.sync(() => (process.exitCode = 1))
        )
      )
    )
).pipe(
  Command.withDescription(
    "Tells what an operation log has to say: retries by provider, failures over time, circuits, latencies, tokens and " +
      "cost, and who answered in whose place"
  )
)

const endsBeforeItBegins = Effect.zipRight(
  Console.error("--until is earlier than --since; allowed is a time that begins before it ends"),
  Effect.sync(() => {
    process.exitCode = 2
  })
)

const from = (since: number | undefined): string => (since === undefined ? "" : `, since ${isoOf(since)}`)

/** Loaded only when they are asked for, since the other commands do not need them. */
const modules = Effect.tryPromise({
  try: async () => ({
    OperationLogFile: await import("../sql/OperationLogFile.js"),
    OperationStats: await import("../sql/OperationStats.js")
  }),
  catch: () => new MissingPeers()
})

class MissingPeers extends Data.TaggedError("MissingPeers") {
  override get message(): string {
    return `The command stats needs @effect/sql and @effect/sql-libsql:\n\n  ${toInstall("stats")}`
  }
}

/** On a terminal as wide as it is, and in bold unless nobody wants that; elsewhere nothing is cut off. */
const paper = Effect.gen(function* () {
  const terminal = yield* Terminal.Terminal
  const isTerminal = yield* terminal.isTTY
  const columns = yield* terminal.columns
  const plain = yield* Config.string("NO_COLOR").pipe(Config.withDefault(""), Effect.orDie)
  const isBold = isTerminal && plain === ""
  return {
    width: isTerminal ? columns || 80 : Number.POSITIVE_INFINITY,
    heading: (text: string) => (isBold ? styleText("bold", text) : text)
  }
})
