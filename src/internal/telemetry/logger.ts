/**
 * Reads the events and logs a line of each decision. A storm of one kind is its first line, and then how many more came
 * in each interval.
 *
 * @internal
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import * as Layer from "effect/Layer"
import * as LogLevel from "effect/LogLevel"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import { invalid, millis } from "../options/check.js"
import type { ResilienceEvent } from "./events.js"
import { annotationsOf, type LogLine, lineOf } from "./logLine.js"
import { subscribe } from "./subscribe.js"

/**
 * Options of `layerLogger`.
 *
 * @since 0.1.0
 * @category Logs
 */
export interface LoggerOptions {
  /** How often a storm of one kind is counted instead of written. Default 10 seconds. */
  readonly interval?: Duration.DurationInput | undefined
  /** How loud a call is that its first attempt has answered. Default `LogLevel.Debug`, which Effect does not write. */
  readonly success?: LogLevel.LogLevel | undefined
}

/**
 * Logs a line for each decision of the policies, through Effect's own logger: what it does with levels, formats (pretty,
 * logfmt, JSON) and destinations is done with these lines too.
 *
 * An error is a call that failed or a circuit that opened; a warning a retry, a fallback, a call that was not let through,
 * a parked target; info a circuit that has recovered, a call that needed more than one attempt, a hedge. What goes well is
 * at debug. Each line has annotations (`llm.event`, `llm.target`, `llm.error`, `llm.attempt`, `llm.wait_ms`,
 * `llm.duration_ms`, `llm.request_id`, `llm.correlation`, as they apply), none of which holds a prompt, a key or words of
 * the provider.
 *
 * The first line of a kind (event, target, failure) is written at once. What comes of the same kind until the `interval`
 * is over is counted, and told by one line; so a storm is a few lines, however many calls are in it.
 *
 * It reads the events of the `ResilienceEvent.layer` that is provided to it. An `interval` that is not a time above 0 is a
 * defect.
 *
 * @example
 * ```ts
 * import { Layer, Logger } from "effect"
 * import { Resilience, ResilienceEvent, Telemetry } from "effect-resilience"
 *
 * export const Policies = Layer.merge(Resilience.layer(), Telemetry.layerLogger()).pipe(
 *   Layer.provide(ResilienceEvent.layer()),
 *   // Below it, as a logger writes what is logged by whoever it is provided to.
 *   Layer.provide(Logger.json)
 * )
 * ```
 *
 * @since 0.1.0
 * @category Logs
 */
export const layerLogger = (options: LoggerOptions = {}): Layer.Layer<never> => Layer.scopedDiscard(logEvents(options))

/** Kinds that are told apart at a time. What comes after them has its line without a look at what came before. */
const most = 1_000

interface Kind extends LogLine {
  readonly annotations: Readonly<Record<string, unknown>>
  more: number
}

const logEvents = (options: LoggerOptions): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function* () {
    const interval = millis("Telemetry.layerLogger", "interval", options.interval ?? "10 seconds")
    if (interval === 0) throw invalid("Telemetry.layerLogger", "interval", options.interval, "a time above 0")
    const queue = yield* subscribe
    const kinds = new Map<string, Kind>()
    const success = options.success ?? LogLevel.Debug
    // What a storm has left is told also when the reading ends.
    yield* Effect.addFinalizer(() => tell(kinds))
    yield* Effect.forkScoped(Effect.forever(Effect.zipRight(Effect.sleep(interval), tell(kinds))))
    yield* Effect.forkScoped(Effect.forever(Effect.flatMap(Queue.take(queue), (event) => log(event, kinds, success))))
  })

const log = (event: ResilienceEvent, kinds: Map<string, Kind>, success: LogLevel.LogLevel): Effect.Effect<void> =>
  Effect.withFiberRuntime((fiber) => {
    const line = lineOf(event)
    // Nothing had to be decided: only these are many where all is well.
    const uneventful = event._tag === "CallSucceeded" && event.attempts <= 1
    const level = uneventful ? success : line.level
    if (LogLevel.lessThan(level, fiber.getFiberRef(FiberRef.currentMinimumLogLevel))) return Effect.void
    const annotations = annotationsOf(event)
    if (!uneventful && LogLevel.greaterThanEqual(level, LogLevel.Info)) {
      const kind = kindOf(event, annotations)
      const known = kinds.get(kind)
      if (known !== undefined) {
        known.more++
        return Effect.void
      }
      if (kinds.size < most) kinds.set(kind, { ...line, annotations, more: 0 })
    }
    return write({ level, message: line.message }, annotations)
  })

/** What makes two lines of one kind: who, what, and why. */
const kindOf = (event: ResilienceEvent, annotations: Readonly<Record<string, unknown>>): string =>
  JSON.stringify([
    event._tag,
    event.target,
    annotations["llm.error"],
    "to" in event && event.to,
    "from" in event && event.from
  ])

/** A kind that nothing more came of is forgotten, so that its next line is a first one. */
const tell = (kinds: Map<string, Kind>): Effect.Effect<void> =>
  Effect.suspend(() => {
    const stormy: Array<Kind> = []
    for (const [name, kind] of kinds) {
      if (kind.more === 0) kinds.delete(name)
      else stormy.push({ ...kind })
      kind.more = 0
    }
    return Effect.forEach(
      stormy,
      ({ annotations, level, message, more }) => {
        const { "llm.event": event, "llm.target": target, "llm.error": error } = annotations
        const common = { "llm.event": event, "llm.target": target, ...(error !== undefined && { "llm.error": error }) }
        return write({ level, message: `${more} more like: ${message}` }, { ...common, "llm.more": more })
      },
      { discard: true }
    )
  })

/** A logger that throws does not keep the lines that follow from being written. */
const write = ({ level, message }: LogLine, annotations: Readonly<Record<string, unknown>>): Effect.Effect<void> =>
  Effect.catchAllDefect(Effect.annotateLogs(Effect.logWithLevel(level, message), annotations), () => Effect.void)
