/**
 * Many clients for hours of virtual time, in seconds of real time: what a policy does to a provider, before it does.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Predicate from "effect/Predicate"
import * as Random from "effect/Random"
import * as Runtime from "effect/Runtime"
import { finiteMillis, invalid, spanOf } from "../internal/options/check.js"
import { refuseUnknown } from "../internal/options/names.js"
import { Recorder, type Result } from "./simulation/record.js"
import * as Show from "./simulation/show.js"
import * as VirtualTime from "./simulation/virtualTime.js"

export type { Interval, Result, Tally } from "./simulation/record.js"

/**
 * What a client is given.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Client {
  /** From 0. */
  readonly index: number
  /** Counts an effect as a call of this client's: when, how long, and how it ended. It ends as it did. */
  readonly call: <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** Counts an effect as an attempt at a target. It stands inside the policies, where the call itself is. */
  readonly attempt: (target: string) => <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** Counts tokens: a finite number of at least 0. */
  readonly tokens: (count: number) => Effect.Effect<void>
}

/**
 * @since 0.1.0
 * @category Models
 */
export interface Options<E, R> {
  readonly clients: number
  /** How much virtual time passes. What is under way then is interrupted. */
  readonly duration: Duration.DurationInput
  /** What one client does. Each has a seed of its own, which the seed of the simulation and its number make. */
  readonly client: (client: Client) => Effect.Effect<unknown, E, R>
  /** Where chance comes from. Default 0. */
  readonly seed?: string | number | undefined
  /** How long an interval of the timeline is, at least a millisecond. Default 10 seconds. */
  readonly interval?: Duration.DurationInput | undefined
}

/**
 * Runs a program in virtual time that begins at 0, until it ends or `until` is reached; then it is interrupted, and the
 * result is `undefined`.
 *
 * Sleeping, `Clock` and everything that takes its time from there go by that time, which jumps to the next wake-up as soon
 * as nothing is left to run; promises are waited for as long as they are settled without the network. It stands beside
 * `TestClock` and needs no adjusting.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import * as Simulation from "effect-resilience/testing/Simulation"
 *
 * // At once:
 * export const anHour = Simulation.virtually(Effect.as(Effect.sleep("1 hour"), "over"), "1 day")
 * ```
 *
 * @since 0.1.0
 * @category Running
 */
export const virtually = <A, E, R>(
  program: Effect.Effect<A, E, R>,
  until: Duration.DurationInput
): Effect.Effect<A | undefined, E, R> =>
  Effect.flatMap(Effect.runtime<R>(), (runtime) =>
    Effect.flatten(
      Effect.promise(async (signal) => {
        const time = VirtualTime.make()
        const end = finiteMillis("Simulation.virtually", "until", until)
        const fiber = Runtime.runFork(runtime)(Effect.withClock(program, time.clock), { scheduler: time.scheduler })
        let exit: Exit.Exit<A, E> | undefined
        fiber.addObserver((ended) => {
          exit = ended
        })
        await time.pass(end, () => exit !== undefined || signal.aborted)
        if (exit !== undefined) return exit
        fiber.unsafeInterruptAsFork(fiber.id())
        await time.pass(time.now(), () => false)
        return Effect.succeed(undefined)
      })
    )
  )

/**
 * Runs so many clients, each of which is any effect, for so long, and gives back what happened. The same seed gives the
 * same result.
 *
 * Fails with what the first client fails with, and dies with what one dies with.
 *
 * @example
 * ```ts
 * import { Effect, Random } from "effect"
 * import { LlmError, Resilience } from "effect-resilience"
 * import * as Simulation from "effect-resilience/testing/Simulation"
 *
 * // Half a second for an answer; every tenth request fails.
 * const provider = Effect.flatMap(Random.next, (chance) =>
 *   Effect.delay(chance < 0.1 ? Effect.fail(new LlmError.ServerError({ status: 500 })) : Effect.succeed("answer"), "500 millis")
 * )
 *
 * export const tenMinutes = Simulation.run({
 *   clients: 1_000,
 *   duration: "10 minutes",
 *   client: ({ attempt, call }) =>
 *     provider.pipe(
 *       attempt("acme"),
 *       Resilience.protect("acme"),
 *       call,
 *       Effect.ignore,
 *       Effect.andThen(Simulation.pause("2 seconds", "8 seconds")),
 *       Effect.forever
 *     )
 * }).pipe(Effect.provide(Resilience.layer()))
 *
 * export const report = Effect.map(tenMinutes, (result) => Simulation.table({ "three attempts": result }))
 * ```
 *
 * @since 0.1.0
 * @category Running
 */
export const run = <E, R>(options: Options<E, R>): Effect.Effect<Result, E, R> =>
  Effect.suspend(() => {
    refuseUnknown("Simulation", "", options, names)
    const { client, clients, duration, interval = "10 seconds", seed = 0 } = options
    if (!Number.isInteger(clients) || clients < 1) {
      throw invalid("Simulation", "clients", clients, "a whole number of at least 1")
    }
    if (!Predicate.isFunction(client)) throw invalid("Simulation", "client", client, "a function that gives an effect")
    const end = finiteMillis("Simulation", "duration", duration)
    const width = finiteMillis("Simulation", "interval", interval)
    if (width < 1) throw invalid("Simulation", "interval", interval, "at least a millisecond")
    const record = new Recorder(clients, width)
    const all = Effect.forEach(
      Array.from({ length: clients }, (_, index) => index),
      (index) => Effect.withRandom(client(clientOf(record, index)), Random.make(`${seed}/${index}`)),
      { concurrency: "unbounded", discard: true }
    )
    return Effect.map(virtually(all, end), () => record.result(end))
  })

const names = { clients: true, duration: true, client: true, seed: true, interval: true } as const

const clientOf = (record: Recorder, index: number): Client => {
  const timed =
    (tell: (from: number, to: number, outcome: string) => void) =>
    <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
      Effect.clockWith((clock) =>
        Effect.suspend(() => {
          const from = clock.unsafeCurrentTimeMillis()
          return Effect.onExit(self, (exit) =>
            Effect.sync(() => tell(from, clock.unsafeCurrentTimeMillis(), outcomeOf(exit)))
          )
        })
      )
  return {
    index,
    call: timed((from, to, outcome) => record.call(index, from, to, outcome)),
    attempt: (target) => timed((from, _, outcome) => record.attempt(target, from, outcome)),
    tokens: (count) =>
      Effect.sync(() => {
        if (!(Number.isFinite(count) && count >= 0)) {
          throw invalid("Simulation.tokens", "count", count, "a finite number of at least 0")
        }
        record.tokens += count
      })
  }
}

const outcomeOf = (exit: Exit.Exit<unknown, unknown>): string => {
  if (Exit.isSuccess(exit)) return "Success"
  if (Cause.isInterruptedOnly(exit.cause)) return "Interrupted"
  if (!Cause.isFailure(exit.cause)) return "Defect"
  const error = Cause.squash(exit.cause)
  return Predicate.hasProperty(error, "_tag") && typeof error._tag === "string" ? error._tag : "Failure"
}

/**
 * A sleep between two times by chance, as people and jobs pause between their calls.
 *
 * @since 0.1.0
 * @category Clients
 */
export const pause = (from: Duration.DurationInput, to: Duration.DurationInput): Effect.Effect<void> =>
  Effect.suspend(() => {
    const [least, most] = spanOf("Simulation.pause", from, to)
    return Effect.flatMap(Random.nextRange(least, most), (millis) => Effect.sleep(Math.round(millis)))
  })

/**
 * The value below which a share (0 to 1) of the durations of a result lies, in milliseconds.
 *
 * @since 0.1.0
 * @category Reading
 */
export const quantile = (result: Result, share: number): number => Show.quantile(result.durations, share)

/**
 * Results beside each other, by their titles, as a table of Markdown.
 *
 * @since 0.1.0
 * @category Reading
 */
export const table: (results: Readonly<Record<string, Result>>) => string = Show.table

/**
 * The attempts of each interval as a bar: `#` those that were answered, `.` the others.
 *
 * @since 0.1.0
 * @category Reading
 */
export const picture: (result: Result) => string = Show.picture
