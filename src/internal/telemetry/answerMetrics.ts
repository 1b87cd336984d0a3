/**
 * The metrics of what is in the answers: tokens, what they cost, what was wasted, and the names that OpenTelemetry has for
 * calls of generative AI. They are read from the events, so that a program which does not want them pays nothing.
 *
 * @internal
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { failureOf } from "../errors/failureOf.js"
import type { Usage } from "../errors/llmError.js"
import { tagsOf } from "../fiber/currentFiber.js"
import { type Money, moneyOf, type Price } from "../load/price.js"
import { metricsOptions, refuseUnknown } from "../options/names.js"
import { type ChunkReader, readChunks } from "./chunkTimes.js"
import { type ResilienceEvent, ResilienceEvents } from "./events.js"
import { operationName, providerOf } from "./genAi.js"
import { byLabel, labelOf, named, shared } from "./labels.js"
import { metricTable } from "./metricTable.js"
import { byValue, counter, histogram } from "./series.js"
import { silence } from "./subscribe.js"
import { labelCapacity, type Tags } from "./targetMetrics.js"
import { mayHaveUsed } from "./wasted.js"

/**
 * Options of `layerMetrics`.
 *
 * @since 0.1.0
 * @category Metrics
 */
export interface MetricsOptions {
  /** What tokens cost, by the name of the target. A target without a price has no metrics of cost. */
  readonly prices?: Readonly<Record<string, Price>> | undefined
}

/**
 * Counts what is in the answers, beside the metrics that every call has without being asked: tokens by kind, their cost,
 * tokens and cost of attempts whose answer nobody got, and OpenTelemetry's metrics of generative AI clients
 * (`gen_ai.client.operation.duration`, `.time_to_first_chunk`, `.time_per_output_chunk`, `gen_ai.client.token.usage`).
 *
 * Tokens are those that the answers tell of. An attempt that may have used some and does not say how many (a hedge that was
 * cut off, a stream that broke) is counted in `llm_usage_unknown_total`: with one of those, tokens and cost are what they
 * are **at least**.
 *
 * It hears the events of the `ResilienceEvent.layer` that is provided to it, each as it is published, so that none is
 * missed. Prices that make no sense are a defect that names them.
 *
 * @example
 * ```ts
 * import { Layer } from "effect"
 * import { Resilience, ResilienceEvent, Telemetry } from "effect-resilience"
 *
 * const prices = { "openai/gpt-5": { input: 1.25, output: 10, cachedInput: 0.125 } }
 *
 * export const Policies = Layer.merge(
 *   Resilience.layer({ targets: { "openai/gpt-5": { provider: "openai", model: "gpt-5" } } }),
 *   Telemetry.layerMetrics({ prices })
 * ).pipe(Layer.provide(ResilienceEvent.layer()))
 * ```
 *
 * @since 0.1.0
 * @category Metrics
 */
export const layerMetrics = (options: MetricsOptions = {}): Layer.Layer<never> =>
  Layer.scopedDiscard(countAnswers(options))

const where = "Telemetry.layerMetrics"

const countAnswers = (options: MetricsOptions): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function* () {
    refuseUnknown(where, "", options, metricsOptions)
    const prices = new Map<string, Money>()
    for (const [target, price] of Object.entries(options.prices ?? {})) {
      prices.set(target, moneyOf(where, `prices["${target}"]`, price))
    }
    const hub = yield* ResilienceEvents
    const capacity = yield* labelCapacity
    const why = silence(hub, undefined)
    if (why !== undefined) yield* Effect.logWarning(why)
    yield* hub.listen((event) => {
      if (isEnd(event)) ended(event, prices.get(event.target), capacity)
    })
    yield* readChunks(hub, chunked(capacity))
  })

type AttemptEnd = Extract<
  ResilienceEvent,
  { readonly _tag: "AttemptSucceeded" | "AttemptFailed" | "AttemptInterrupted" }
>

const isEnd = ({ _tag }: ResilienceEvent): boolean =>
  _tag === "AttemptSucceeded" || _tag === "AttemptFailed" || _tag === "AttemptInterrupted"

const ended = (event: ResilienceEvent, money: Money | undefined, capacity: number): void => {
  const end = event as AttemptEnd
  const { answeredBy, duration, target, usage } = end
  const failure = end._tag === "AttemptFailed" ? failureOf(end.error) : undefined
  const error = failure?._tag ?? (end._tag === "AttemptInterrupted" ? "interrupted" : undefined)
  const of = seriesOf(target, end.provider, end.model, capacity)
  const tags = tagsHere()
  const model = modelLabel(answeredBy, capacity)
  of.duration(model, error).unsafeUpdate(Duration.toSeconds(duration), tags)
  if (usage === undefined || (usage.inputTokens === undefined && usage.outputTokens === undefined)) {
    if (failure === undefined || mayHaveUsed(failure)) of.unknown(error ?? "success").unsafeUpdate(1, tags)
    return
  }
  const isWasted = error !== undefined
  // A stream that was cut off has told of what it had used until then.
  if (isWasted) of.unknown(error).unsafeUpdate(1, tags)
  for (const [kind, tokens] of kindsOf(usage)) {
    of.tokens(kind).unsafeUpdate(tokens, tags)
    if (isWasted) of.wastedTokens(kind).unsafeUpdate(tokens, tags)
    if (kind === "input" || kind === "output") of.usage(model, kind).unsafeUpdate(tokens, tags)
  }
  if (money === undefined) return
  const cost = money(usage)
  of.cost().unsafeUpdate(cost, tags)
  if (isWasted) of.wastedCost().unsafeUpdate(cost, tags)
}

const chunked =
  (capacity: number): ChunkReader =>
  ({ model, provider, target }, millis, isFirst, answeredBy) => {
    const of = seriesOf(target, provider, model, capacity)
    const series = isFirst ? of.firstChunk : of.chunk
    series(modelLabel(answeredBy, capacity)).unsafeUpdate(millis / 1000, tagsHere())
  }

const kindsOf = (usage: Usage): ReadonlyArray<readonly [kind: string, tokens: number]> =>
  kinds.flatMap(([kind, field]) => {
    const tokens = usage[field]
    return tokens === undefined || !(tokens >= 0) ? [] : [[kind, tokens] as const]
  })

const kinds: ReadonlyArray<readonly [kind: string, field: keyof Usage]> = [
  ["input", "inputTokens"],
  ["output", "outputTokens"],
  ["cached_input", "cachedInputTokens"],
  ["cache_creation_input", "cacheCreationInputTokens"],
  ["reasoning", "reasoningTokens"]
]

/** What `Effect.tagMetrics` has put around the call, in whose fiber the event is published. */
const tagsHere = (): Tags => {
  const fiber = Option.getOrUndefined(Fiber.getCurrentFiber())
  return fiber === undefined ? [] : Array.from(tagsOf(fiber))
}

/** A provider may name any number of models. */
const modelLabel = (model: string | undefined, capacity: number): string =>
  model === undefined ? "" : labelOf("response models", model, capacity)

const targets = named<ReturnType<typeof madeFor>>("answers")

const seriesOf = (target: string, provider: string | undefined, model: string | undefined, capacity: number) =>
  byLabel(targets, target, capacity, (label) =>
    label === shared ? madeFor(label, shared, "") : madeFor(label, provider ?? providerOf(target), model ?? "")
  )

const madeFor = (target: string, provider: string, model: string) => {
  const by = <A>(make: (...values: [string, string]) => A) => {
    const first = byValue((one) => byValue((other) => make(one, other)))
    return (one: string, other: string | undefined) => first(one)(other ?? "")
  }
  const about = [operationName, provider, model] as const
  const once = <A>(make: () => A) => {
    const made = byValue(make)
    return () => made("")
  }
  return {
    tokens: byValue((kind) => counter(metricTable.tokens, target, kind)),
    wastedTokens: byValue((kind) => counter(metricTable.wastedTokens, target, kind)),
    cost: once(() => counter(metricTable.cost, target)),
    wastedCost: once(() => counter(metricTable.wastedCost, target)),
    unknown: byValue((outcome) => counter(metricTable.usageUnknown, target, outcome)),
    duration: by((answered, error) => histogram(metricTable.genAiDuration, ...about, answered, error)),
    firstChunk: byValue((answered) => histogram(metricTable.genAiFirstChunk, ...about, answered)),
    chunk: byValue((answered) => histogram(metricTable.genAiChunk, ...about, answered)),
    usage: by((answered, kind) => histogram(metricTable.genAiTokens, ...about, answered, kind))
  }
}
