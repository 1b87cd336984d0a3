/**
 * O3: one run, in which everything happens, seen by everybody who can look: each has all of it, with the right numbers.
 *
 * The run is in virtual time; what an exporter sends arrives over a real socket.
 */
import * as Otlp from "@effect/opentelemetry/Otlp"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import {
  Chunk,
  Duration,
  Effect,
  HashMap,
  Layer,
  Logger,
  LogLevel,
  Queue,
  TestClock,
  TestContext,
  Tracer
} from "effect"
import { ResilienceEvent, Telemetry } from "effect-resilience"
import * as PrometheusMetrics from "effect-resilience/prometheus/PrometheusMetrics"
import * as OperationLog from "effect-resilience/sql/OperationLog"
import * as OperationLogFile from "effect-resilience/sql/OperationLogFile"
import * as OperationStats from "effect-resilience/sql/OperationStats"
import { beforeAll, describe, expect, it } from "vitest"
import { secret } from "./events.js"
import { type Attributes, type Collector, collector } from "./otlp.js"
import { expected, layer, scriptedRun, targetOf } from "./scriptedRun.js"
import { files } from "./sql/databases.js"

type Event = ResilienceEvent.ResilienceEvent

const run = "whole"

interface Line {
  readonly level: string
  readonly annotations: Attributes
}

interface Noted {
  readonly name: string
  readonly attributes: Attributes
}

interface Span {
  readonly span: Tracer.Span
  readonly events: Array<Noted>
}

/** Hands everything on to the tracer beneath, and keeps it. */
const recording = (tracer: Tracer.Tracer, spans: Array<Span>): Tracer.Tracer =>
  Tracer.make({
    span: (...args) => {
      const span = tracer.span(...args)
      const events: Array<Noted> = []
      const event = span.event.bind(span)
      span.event = (name, at, attributes = {}) => {
        events.push({ name, attributes })
        event(name, at, attributes)
      }
      spans.push({ span, events })
      return span
    },
    context: (run, fiber) => tracer.context(run, fiber)
  })

const observe = Effect.gen(function* () {
  const lines: Array<Line> = []
  const spans: Array<Span> = []
  const otlp = yield* collector
  const folder = yield* Effect.acquireRelease(Effect.promise(files), ({ stop }) => Effect.promise(async () => stop()))
  const collecting = Logger.make<unknown, void>(({ annotations, logLevel }) => {
    lines.push({ level: logLevel.label, annotations: Object.fromEntries(HashMap.toEntries(annotations)) })
  })
  // An interval in which nothing comes twice: each line stands for itself.
  const logging = Telemetry.layerLogger({ interval: "100 millis" }).pipe(
    Layer.provide([Logger.add(collecting), Logger.minimumLogLevel(LogLevel.All)])
  )
  const everybody = Layer.mergeAll(
    layer(run),
    logging,
    Telemetry.layerMetrics({ prices: { [`${run}/broken`]: { input: 1_000_000, output: 2_000_000 } } }),
    OperationLogFile.layer({ path: folder.path(), prices: { "large-2025-01": { input: 2, output: 10 } } })
  ).pipe(Layer.provideMerge(ResilienceEvent.layer({ capacity: 10_000 })))
  const exporting = Otlp.layerJson({
    baseUrl: otlp.url,
    resource: { serviceName: "scripted" },
    replaceLogger: Logger.defaultLogger,
    shutdownTimeout: "20 seconds"
  }).pipe(Layer.provide(FetchHttpClient.layer))
  const seen = yield* Effect.gen(function* () {
    const queue = yield* ResilienceEvent.subscribe
    const tracer = yield* Effect.tracer
    yield* Effect.withTracer(Effect.withSpan(scriptedRun(run), "scripted run"), recording(tracer, spans))
    yield* TestClock.adjust("1 second")
    yield* Effect.flatMap(OperationLog.OperationLog, ({ flush }) => flush)
    const stats = yield* OperationStats.OperationStats
    return {
      events: Chunk.toReadonlyArray(yield* Queue.takeAll(queue)),
      text: yield* PrometheusMetrics.format(),
      log: {
        summary: yield* stats.summary(),
        retries: yield* stats.retries(),
        failures: yield* stats.failures({ every: "1 day" }),
        openings: yield* stats.openings(),
        usage: yield* stats.usage(),
        others: yield* stats.answeredByOthers()
      }
    }
  }).pipe(Effect.scoped, Effect.provide(everybody), Effect.provide(TestContext.TestContext), Effect.provide(exporting))
  return { ...seen, lines, spans, otlp: otlp as Collector }
}).pipe(Effect.scoped)

const counted = (names: ReadonlyArray<string>): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

type Amounts = Record<string, { readonly count: number; readonly seconds: number }>

const added = (amounts: ReadonlyArray<readonly [name: string, seconds: number]>): Amounts => {
  const all: Amounts = {}
  for (const [name, more] of amounts) {
    const { count, seconds } = all[name] ?? { count: 0, seconds: 0 }
    all[name] = { count: count + 1, seconds: seconds + more }
  }
  return all
}

const short = (target: unknown): string => String(target).slice(`${run}/`.length)

/** What the metrics have to say, by name, labels and, of a histogram, how often and how much in all. */
const numbers = (): ReadonlyArray<{
  readonly metric: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
  readonly count?: number
}> => {
  const of = (name: string) => {
    const [target, outcome] = name.split(" ") as [string, string]
    return { target: `${run}/${target}`, outcome }
  }
  const counters = (metric: string, counts: Readonly<Record<string, number>>) =>
    Object.entries(counts).map(([name, value]) => ({ metric, labels: of(name), value }))
  const times = (metric: string, amounts: Amounts, more: Readonly<Record<string, string>> = {}) =>
    Object.entries(amounts).map(([name, { count, seconds }]) => ({
      metric,
      labels: { ...(name.includes(" ") ? of(name) : { target: `${run}/${name}` }), ...more },
      value: seconds,
      count
    }))
  const { answer, cutOff } = expected.tokens
  const tokens = (metric: string, name: string, kind: string, value: number) => ({
    metric,
    labels: { target: `${run}/${name}`, kind },
    value
  })
  const model = `${run}/circuit`
  return [
    ...counters(
      "llm_attempts_total",
      Object.fromEntries(Object.entries(expected.attempts).map(([name, { count }]) => [name, count]))
    ),
    ...times("llm_attempt_duration_seconds", expected.attempts),
    ...counters("llm_calls_total", expected.calls),
    ...counters("llm_retries_total", expected.retries),
    ...times("llm_retry_wait_seconds", expected.retryWaits),
    ...counters("llm_fallbacks_total", expected.fallbacks),
    ...counters("llm_hedges_total", expected.hedges),
    ...counters("llm_parked_total", expected.parked),
    ...counters("llm_rejections_total", expected.rejections),
    ...times("llm_queue_wait_seconds", expected.queueWaits, { gate: "bulkhead" }),
    ...times("llm_time_to_first_token_seconds", expected.firstContents),
    ...Object.entries(expected.cache).map(([outcome, value]) => ({
      metric: "llm_cache_total",
      labels: { target: run, outcome },
      value
    })),
    { metric: "llm_circuit_breaker_failures_total", labels: { model }, value: expected.openings.circuit },
    { metric: "llm_circuit_breaker_state", labels: { model }, value: 0 },
    tokens("llm_tokens_total", "queue", "input", 2 * answer.inputTokens),
    tokens("llm_tokens_total", "queue", "cached_input", 2 * answer.cachedInputTokens),
    ...["broken", "left"].flatMap((name) => [
      tokens("llm_tokens_total", name, "input", cutOff.inputTokens),
      tokens("llm_wasted_tokens_total", name, "output", cutOff.outputTokens)
    ]),
    { metric: "llm_cost_total", labels: { target: `${run}/broken` }, value: 50 + 4 },
    { metric: "llm_wasted_cost_total", labels: { target: `${run}/broken` }, value: 50 + 4 },
    // The hedge that lost, and the streams that were cut off: what they cost is at least what is counted.
    ...counters("llm_usage_unknown_total", {
      "slow interrupted": 1,
      "left interrupted": 1,
      "broken StreamInterrupted": 1
    })
  ]
}

const is = (attributes: Attributes, labels: Readonly<Record<string, string>>): boolean =>
  Object.keys(attributes).length === Object.keys(labels).length &&
  Object.entries(labels).every(([label, value]) => attributes[label] === value)

describe("O3: a scripted run, in which everything happens, is found whole", () => {
  let found: Effect.Effect.Success<typeof observe>
  beforeAll(async () => {
    found = await Effect.runPromise(observe)
  }, 60_000)

  it("in the events", () => {
    const { events } = found
    const nameOf = (event: Event): string => short(event.target)
    const outcomeOf = (event: Event): string =>
      event._tag.endsWith("Succeeded")
        ? "success"
        : event._tag.endsWith("Interrupted")
          ? "interrupted"
          : String((ResilienceEvent.encode(event).error as { readonly _tag: string })._tag)
    expect(counted(events.map(({ _tag }) => _tag))).toEqual(expected.events)

    const ended = events.filter((event) => /^Attempt(?!Started)/.test(event._tag))
    const seconds = (event: Event) => ("duration" in event ? Duration.toSeconds(event.duration) : 0)
    expect(added(ended.map((event) => [`${nameOf(event)} ${outcomeOf(event)}`, seconds(event)]))).toEqual(
      expected.attempts
    )
    const calls = events.filter((event) => /^Call(Succeeded|Failed|Interrupted)/.test(event._tag))
    expect(counted(calls.map((event) => `${nameOf(event)} ${outcomeOf(event)}`))).toEqual(expected.calls)

    const changes = events.flatMap((event) => (event._tag === "CircuitChanged" ? [`${event.from} > ${event.to}`] : []))
    expect(changes).toEqual(expected.circuitStates)
    for (const event of ended) {
      const { usage } = event as { usage?: object }
      if (event._tag === "AttemptSucceeded") expect(usage).toEqual(expected.tokens.answer)
      else if (["broken", "left"].includes(nameOf(event))) expect(usage).toEqual(expected.tokens.cutOff)
      else expect(usage).toBe(undefined)
    }
    const correlated = events.filter(({ correlation }) => correlation === "job-1")
    expect([...new Set(correlated.map(({ target }) => target))]).toEqual([targetOf(run, "retries")])
  })

  /** The lines of what the policies did, in the words of their annotations. */
  const linesHave = (lines: ReadonlyArray<Line>): void => {
    const ours = lines.filter(({ annotations }) => annotations["llm.event"] !== undefined)
    expect(counted(ours.map(({ annotations }) => String(annotations["llm.event"])))).toEqual(expected.events)
    const of = (event: string, ...fields: ReadonlyArray<string>): ReadonlyArray<ReadonlyArray<unknown>> =>
      ours
        .filter(({ annotations }) => annotations["llm.event"] === event)
        .map(({ annotations, level }) => [
          level,
          short(annotations["llm.target"]),
          ...fields.map((field) => annotations[`llm.${field}`])
        ])
    const outcome: Readonly<Record<string, (annotations: Attributes) => unknown>> = {
      Succeeded: () => "success",
      Interrupted: () => "interrupted",
      Failed: (annotations) => annotations["llm.error"]
    }
    const ends = (what: "Attempt" | "Call") =>
      ours.flatMap(({ annotations }) => {
        const how = outcome[String(annotations["llm.event"]).slice(what.length)]
        return String(annotations["llm.event"]).startsWith(what) && how !== undefined
          ? [[`${short(annotations["llm.target"])} ${how(annotations)}`, annotations["llm.duration_ms"]] as const]
          : []
      })
    expect(added(ends("Attempt").map(([name, millis]) => [name, Number(millis) / 1_000]))).toEqual(expected.attempts)
    expect(counted(ends("Call").map(([name]) => name))).toEqual(expected.calls)
    expect(of("RetryScheduled", "error", "attempt", "wait_ms", "status", "request_id", "correlation")).toEqual([
      ["WARN", "retries", "ServerError", 2, 1_000, 500, "req_1", "job-1"],
      ["WARN", "retries", "ServerError", 3, 2_000, 500, "req_1", "job-1"],
      ["WARN", "parked", "RateLimited", 2, 5_000, 429, undefined, undefined]
    ])
    expect(of("HedgeStarted", "hedge")).toEqual([["INFO", "quick", 1]])
    expect(of("HedgeWon", "hedge", "duration_ms")).toEqual([["INFO", "quick", 1, 500]])
    expect(of("HedgeLost", "hedge", "duration_ms")).toEqual([["DEBUG", "slow", 0, 1_500]])
    expect(of("FallbackTaken", "from", "error")).toEqual([["WARN", "up", `${run}/down`, "ServerError"]])
    expect(of("TargetParked", "error", "wait_ms")).toEqual([["WARN", "parked", "RateLimited", 5_000]])
    expect(of("CircuitChanged", "from", "retry_after_ms")).toEqual([
      ["ERROR", "circuit", "closed", 10_000],
      ["INFO", "circuit", "open", undefined],
      ["INFO", "circuit", "halfOpen", undefined]
    ])
    expect(of("CallRejected", "error")).toEqual([["WARN", "circuit", "CircuitOpen"]])
    expect(of("CacheHit", "age_ms")).toEqual([["DEBUG", "", 0]])
    expect(of("CallDequeued", "gate", "wait_ms")).toEqual([["DEBUG", "queue", "bulkhead", 1_000]])
    // The stream that breaks, and the one that its consumer leaves.
    expect(of("CallFailed", "error", "duration_ms")).toContainEqual(["ERROR", "broken", "StreamInterrupted", 3_000])
    expect(of("CallInterrupted", "duration_ms")).toContainEqual(["DEBUG", "left", 4_000])
    expect(of("AttemptFailed", "error", "first_content_ms")).toContainEqual([
      "DEBUG",
      "broken",
      "StreamInterrupted",
      2_000
    ])
  }

  it("in the lines of the log", () => linesHave(found.lines))

  it("in Prometheus' text", () => {
    const series = new Map(
      found.text.split("\n").flatMap((line) => {
        const end = line.lastIndexOf(" ")
        return line.startsWith("#") || end < 0 ? [] : [[line.slice(0, end), Number(line.slice(end + 1))] as const]
      })
    )
    for (const { count, labels, metric, value } of numbers()) {
      const list = Object.entries(labels)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([label, value]) => `${label}="${value}"`)
      const named = (suffix: string) => `${metric}${suffix}{${list.join(",")}}`
      expect(series.get(named(count === undefined ? "" : "_sum")), named("")).toBe(value)
      if (count !== undefined) expect(series.get(named("_count")), named("_count")).toBe(count)
    }
    expect(found.text).not.toContain(`llm_wasted_tokens_total{kind="input",target="${run}/queue"}`)
    expect(found.text).not.toContain(`llm_usage_unknown_total{outcome="ServerError",target="${run}/retries"}`)
  })

  it("at an OTLP collector: metrics", () => {
    for (const { count, labels, metric, value } of numbers()) {
      const points = found.otlp.points(metric).filter(({ attributes }) => is(attributes, labels))
      expect(points, `${metric} ${JSON.stringify(labels)}`).toMatchObject([
        { value, ...(count !== undefined && { count }) }
      ])
    }
    const genAi = found.otlp
      .points("gen_ai.client.operation.duration")
      .filter(
        ({ attributes }) =>
          attributes["gen_ai.request.model"] === "retries" && attributes["gen_ai.provider.name"] === run
      )
    expect(genAi).toMatchObject([
      { attributes: { "gen_ai.request.model": "retries", "error.type": "ServerError" }, count: 2, value: 1 },
      { attributes: { "gen_ai.response.model": "large-2025-01", "gen_ai.operation.name": "chat" }, count: 1 }
    ])
    expect(found.otlp.unit("gen_ai.client.operation.duration")).toBe("s")
  })

  it("at an OTLP collector: lines", () => {
    linesHave(found.otlp.logs().map(({ attributes, severity }) => ({ level: severity, annotations: attributes })))
    expect(found.otlp.bodies.join()).not.toContain(secret)
  })

  interface Seen {
    readonly name: string
    readonly attributes: Attributes
    readonly millis: number
    readonly isChild: boolean
    readonly events: ReadonlyArray<Noted>
  }

  const spansHave = (spans: ReadonlyArray<Seen>): void => {
    const attempts = spans.filter(({ name }) => name === "llm.attempt")
    expect(
      added(
        attempts.map(({ attributes, millis }) => [
          `${short(attributes["llm.target"])} ${attributes["error.type"] ?? "success"}`,
          millis / 1_000
        ])
      )
    ).toEqual(expected.attempts)
    for (const { attributes, isChild } of attempts) {
      expect(isChild).toBe(true)
      expect(attributes["gen_ai.provider.name"]).toBe(run)
      if (attributes["error.type"] !== undefined) continue
      expect(attributes).toMatchObject({
        "gen_ai.response.model": "large-2025-01",
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 20,
        "gen_ai.usage.cache_read.input_tokens": 40
      })
    }
    const streams = attempts.filter(({ attributes }) => attributes["gen_ai.request.stream"] === true)
    expect(streams.map(({ attributes }) => [attributes["llm.first_content_ms"], attributes["error.type"]])).toEqual([
      [2_000, "StreamInterrupted"],
      [2_000, "interrupted"]
    ])
    const noted = spans.filter(({ name }) => name === "scripted run").flatMap(({ events }) => events)
    // Effect's own logger writes its lines there too.
    const ours = noted.filter(({ name }) => name.startsWith("llm."))
    const told = ours.map(({ attributes, name }) => [
      name.slice("llm.".length),
      short(attributes["llm.target"]),
      ...Object.entries(attributes).flatMap(([attribute, value]) => (attribute === "llm.target" ? [] : [value]))
    ])
    expect(told).toEqual([
      ["wait", "retries", 2, 1_000, "ServerError"],
      ["wait", "retries", 3, 2_000, "ServerError"],
      ["hedge", "quick", 1, "slow"],
      ["hedge_won", "quick", 1, 500],
      ["fallback", "up", `${run}/down`, "ServerError"],
      ["cache", "", "miss"],
      ["cache", "", "fresh"],
      ["parked", "parked", 5_000, "RateLimited"],
      ["wait", "parked", 2, 5_000, "RateLimited"],
      ["circuit", "circuit", "closed", "open"],
      ["rejected", "circuit", "CircuitOpen"],
      ["circuit", "circuit", "open", "halfOpen"],
      ["circuit", "circuit", "halfOpen", "closed"],
      ["queued", "queue", "bulkhead", 1_000]
    ])
  }

  it("in the spans", () => {
    const [around] = found.spans.filter(({ span }) => span.name === "scripted run")
    spansHave(
      found.spans.map(({ events, span }) => ({
        name: span.name,
        attributes: Object.fromEntries(span.attributes),
        millis: span.status._tag === "Ended" ? Number((span.status.endTime - span.status.startTime) / 1_000_000n) : -1,
        isChild: span.parent._tag === "Some" && span.parent.value.spanId === around?.span.spanId,
        events
      }))
    )
  })

  it("at an OTLP collector: spans", () => {
    const spans = found.otlp.spans()
    const around = spans.find(({ name }) => name === "scripted run")
    // They arrive as they end, and have begun in this order.
    const begun = new Map(found.spans.map(({ span }, at) => [span.spanId, at]))
    spansHave(
      spans
        .toSorted((one, other) => (begun.get(one.spanId) ?? -1) - (begun.get(other.spanId) ?? -1))
        .map((span) => ({ ...span, isChild: span.parentSpanId === around?.spanId }))
    )
  })

  it("in the operation log", () => {
    const { failures, openings, others, retries, summary, usage } = found.log
    const sum = (counts: Readonly<Record<string, number>>, name: RegExp): number =>
      Object.entries(counts).reduce((all, [key, count]) => all + (name.test(key) ? count : 0), 0)
    const { attempts, calls } = expected
    expect(summary).toMatchObject({
      droppedRows: 0,
      calls: sum(calls, /./),
      succeeded: sum(calls, /success/),
      failed: sum(calls, /Error|Open|StreamInterrupted/),
      interrupted: sum(calls, /interrupted/),
      attempts: Object.values(attempts).reduce((all, { count }) => all + count, 0),
      retries: sum(expected.retries, /./),
      hedges: expected.hedges["quick started"],
      hedgesWon: expected.hedges["quick won"],
      fallbacks: expected.fallbacks["up taken"],
      cacheHits: expected.cache.fresh
    })
    for (const [name, { seconds }] of Object.entries(expected.retryWaits)) {
      expect(retries.find((row) => row.name === `${run}/${name}`)).toMatchObject({ waited: seconds * 1_000 })
    }
    const failed = Object.entries(attempts).filter(([name]) => !/success|interrupted/.test(name))
    expect(
      Object.fromEntries(
        failures.filter(({ attempts }) => attempts > 0).map((row) => [`${short(row.target)} ${row.tag}`, row.attempts])
      )
    ).toEqual(Object.fromEntries(failed.map(([name, { count }]) => [name, count])))
    expect(openings).toMatchObject([
      { target: `${run}/circuit`, opened: expected.openings.circuit, closed: 1, longest: 10_000 },
      { target: `${run}/parked`, parked: 1, longest: 5_000 }
    ])
    const { answer, cutOff } = expected.tokens
    const answered = usage.find(({ model }) => model === "large-2025-01")
    expect(answered).toMatchObject({
      inputTokens: 8 * answer.inputTokens + 2 * cutOff.inputTokens,
      outputTokens: 8 * answer.outputTokens + 2 * cutOff.outputTokens,
      wastedTokens: 2 * (cutOff.inputTokens + cutOff.outputTokens)
    })
    expect(others).toContainEqual({
      first: `${run}/down`,
      answeredBy: `${run}/up`,
      source: "target",
      because: "ServerError",
      answers: 1
    })
    expect(others).toContainEqual({
      first: `${run}/slow`,
      answeredBy: `${run}/quick`,
      source: "target",
      because: "slow",
      answers: 1
    })
  })
})
