/**
 * What an operation log has to say, read at once, and as a person reads it.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import type * as Stats from "../../sql/OperationStats.js"
import { type Column, table } from "./table.js"
import { atLeast, average, count, moment, money, time } from "./words.js"

/** @internal */
export interface Report {
  readonly summary: Stats.Summary
  readonly retriesByProvider: ReadonlyArray<Stats.Retries>
  readonly retriesByTarget: ReadonlyArray<Stats.Retries>
  readonly failures: ReadonlyArray<Stats.Failures>
  readonly openings: ReadonlyArray<Stats.Openings>
  readonly slowest: ReadonlyArray<Stats.Latency>
  readonly usage: ReadonlyArray<Stats.ModelUsage>
  readonly answeredByOthers: ReadonlyArray<Stats.Substitute>
}

/** @internal */
export const read = (
  stats: Stats.OperationStats,
  period: Stats.Period,
  every: number | undefined
): Effect.Effect<Report, Stats.OperationLogError> =>
  Effect.gen(function* () {
    const summary = yield* stats.summary(period)
    return {
      summary,
      retriesByProvider: yield* stats.retries({ ...period, by: "provider" }),
      retriesByTarget: yield* stats.retries({ ...period, by: "target" }),
      failures: yield* stats.failures({ ...period, every: every ?? fitting(summary) }),
      openings: yield* stats.openings(period),
      slowest: yield* stats.slowest(period),
      usage: yield* stats.usage(period),
      answeredByOthers: yield* stats.answeredByOthers(period)
    }
  })

/** So that what is looked at is a dozen times or two. */
const fitting = ({ from, to }: Stats.Summary): number => {
  const span = from === null || to === null ? 0 : to - from
  return buckets.find((millis) => span <= 24 * millis) ?? 86_400_000
}

const buckets = [60_000, 300_000, 3_600_000, 86_400_000]

const name = <Row>(head: string, cell: (row: Row) => string): Column<Row> => ({ head, cell, shrinks: true })

const number = <Row>(head: string, cell: (row: Row) => string): Column<Row> => ({ head, cell, right: true })

const retries = (what: string): ReadonlyArray<Column<Stats.Retries>> => [
  name(what, (row) => row.name),
  number("calls", ({ calls }) => count(calls)),
  number("attempts", ({ attempts }) => count(attempts)),
  number("retries/call", ({ averageRetries }) => average(averageRetries)),
  number("most", ({ maxRetries }) => count(maxRetries)),
  number("rescued", ({ rescued, retried }) => `${count(rescued)} of ${count(retried)}`),
  number("waited", ({ waited }) => time(waited))
]

const failures: ReadonlyArray<Column<Stats.Failures>> = [
  { head: "from (UTC)", cell: ({ from }) => moment(from) },
  name("target", ({ target }) => target),
  { head: "failure", cell: ({ tag }) => tag },
  number("attempts", ({ attempts }) => count(attempts)),
  number("calls", ({ calls }) => count(calls))
]

const openings: ReadonlyArray<Column<Stats.Openings>> = [
  name("target", ({ target }) => target),
  number("opened", ({ opened }) => count(opened)),
  number("closed", ({ closed }) => count(closed)),
  number("parked", ({ parked }) => count(parked)),
  number("longest", ({ longest }) => time(longest)),
  { head: "last opened (UTC)", cell: ({ lastOpened }) => moment(lastOpened) }
]

const slowest: ReadonlyArray<Column<Stats.Latency>> = [
  name("target", ({ target }) => target),
  number("answers", ({ answers }) => count(answers)),
  number("p50", ({ p50 }) => time(p50)),
  number("p95", ({ p95 }) => time(p95)),
  number("most", ({ max }) => time(max)),
  number("first token p50", ({ firstTokenP50 }) => time(firstTokenP50)),
  number("p95", ({ firstTokenP95 }) => time(firstTokenP95))
]

const usage: ReadonlyArray<Column<Stats.ModelUsage>> = [
  name("model", ({ model }) => model),
  number("attempts", ({ attempts }) => count(attempts)),
  number("tokens in", ({ inputTokens, unknown }) => atLeast(count(inputTokens), unknown > 0)),
  number("cached", ({ cachedInputTokens }) => count(cachedInputTokens)),
  number("out", ({ outputTokens, unknown }) => atLeast(count(outputTokens), unknown > 0)),
  number("wasted", ({ unknown, wastedTokens }) => atLeast(count(wastedTokens), unknown > 0)),
  number("cost", ({ cost, unknown }) => (cost === null ? "-" : atLeast(money(cost), unknown > 0)))
]

const others: ReadonlyArray<Column<Stats.Substitute>> = [
  name("asked first", ({ first }) => first),
  name("answered by", ({ answeredBy }) => answeredBy),
  { head: "because", cell: ({ because, source }) => because ?? kept[source] },
  number("answers", ({ answers }) => count(answers))
]

const kept = { target: "-", lastAnswer: "-", cache: "kept answer", stale: "kept answer" }

const summary = ({ droppedRows, from, runs, to, ...all }: Stats.Summary): string => {
  const { cacheCoalesced, cacheHits, cacheStale } = all
  const lines = [
    `${moment(from)} to ${moment(to)} (UTC), ${plural(runs, "process", "processes")}`,
    `${plural(all.operations, "answer was", "answers were")} asked for, with ${plural(all.calls, "call")}: ` +
      `${count(all.succeeded)} answered, ${count(all.failed)} failed, ${count(all.interrupted)} interrupted`,
    `${plural(all.attempts, "attempt")}, ${plural(all.retries, "retry", "retries")}, ${plural(all.hedges, "hedge")} ` +
      `(${count(all.hedgesWon)} won), ${plural(all.fallbacks, "answer")} of another target`,
    ...(cacheHits + cacheStale + cacheCoalesced > 0
      ? [`kept answers: ${count(cacheHits)} fresh, ${count(cacheStale)} old, ${count(cacheCoalesced)} joined`]
      : []),
    ...(all.lastAnswers > 0 ? [`${plural(all.lastAnswers, "last answer")}, since no target answered`] : []),
    ...(droppedRows > 0
      ? [`${plural(droppedRows, "row is", "rows are")} missing, which could not be written in time`]
      : [])
  ]
  return lines.map((line) => `  ${line}`).join("\n")
}

const plural = (number: number, one: string, many = `${one}s`): string =>
  `${count(number)} ${number === 1 ? one : many}`

/** @internal */
export const asText = (
  report: Report,
  { heading, width }: { readonly heading: (text: string) => string; readonly width: number }
): string => {
  if (report.summary.from === null) return "  No call ended in this time."
  const section = <Row>(title: string, columns: ReadonlyArray<Column<Row>>, rows: ReadonlyArray<Row>): string =>
    `${heading(title)}\n${rows.length === 0 ? "  none" : table(columns, rows, width)}`
  return [
    summary(report.summary),
    section("Retries by provider", retries("provider"), report.retriesByProvider),
    section("Retries by target", retries("target"), report.retriesByTarget),
    section("Failures", failures, report.failures),
    section("Circuits", openings, report.openings),
    section("Slowest targets", slowest, report.slowest),
    section("Tokens and cost", usage, report.usage),
    section("Answered by somebody else", others, report.answeredByOthers)
  ].join("\n\n")
}
