/** The same policies from what Effect itself offers, put together as its documentation suggests. */
import { Clock, Effect, Metric, Ref, Schedule } from "effect"

/** A call that asks for a signal. */
export const bare = (upstream: () => Promise<number>): Effect.Effect<number, unknown> =>
  Effect.tryPromise({ try: (_signal) => upstream(), catch: (error) => error })

/** A call that does not ask for a signal. */
export const bareWithoutSignal = (upstream: () => Promise<number>): Effect.Effect<number, unknown> =>
  Effect.tryPromise({ try: () => upstream(), catch: (error) => error })

export const retries = <A, E>(self: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.retry(self, Schedule.exponential("1 second").pipe(Schedule.jittered, Schedule.intersect(Schedule.recurs(2))))

export const retriesAtOnce = <A, E>(self: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.retry(self, Schedule.recurs(2))

interface State {
  readonly failures: number
  readonly openUntil: number
}

export const breaker = (threshold = 5, openMillis = 60_000) => {
  const state = Ref.unsafeMake<State>({ failures: 0, openUntil: 0 })
  const admit = Effect.flatMap(Clock.currentTimeMillis, (now) =>
    Effect.flatMap(Ref.get(state), ({ openUntil }) => (openUntil > now ? Effect.fail("open" as const) : Effect.void))
  )
  const succeeded = Ref.set(state, { failures: 0, openUntil: 0 })
  const failed = Effect.flatMap(Clock.currentTimeMillis, (now) =>
    Ref.update(state, ({ failures }) => ({
      failures: failures + 1,
      openUntil: failures + 1 >= threshold ? now + openMillis : 0
    }))
  )
  return <A, E>(self: Effect.Effect<A, E>): Effect.Effect<A, E | "open"> =>
    Effect.zipRight(
      admit,
      self.pipe(
        Effect.tap(() => succeeded),
        Effect.tapError(() => failed)
      )
    )
}

/** What it takes at the least to learn how a call ended, come what may: no breaker can do with less. */
export const bracket = <A, E>(self: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.matchCauseEffect(restore(self), { onFailure: Effect.failCause, onSuccess: Effect.succeed })
  )

const calls = Metric.counter("plain_calls").pipe(Metric.tagged("target", "upstream"))
const failures = Metric.counter("plain_failures").pipe(Metric.tagged("target", "upstream"))
const latency = Metric.timer("plain_latency").pipe(Metric.tagged("target", "upstream"))

export const metered = <A, E>(self: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  self.pipe(
    Metric.trackDuration(latency),
    Effect.tap(() => Metric.increment(calls)),
    Effect.tapError(() => Metric.increment(failures))
  )

export const timeouts = <A, E>(self: Effect.Effect<A, E>) => Effect.timeout(self, "30 seconds")

/** Retry, breaker, semaphore, timeout and metrics around a call. */
export const full = (call: Effect.Effect<number, unknown>, permits = 1_000_000): Effect.Effect<number, unknown> => {
  const guard = breaker()
  const semaphore = Effect.unsafeMakeSemaphore(permits)
  return call.pipe(timeouts, semaphore.withPermits(1), guard, retries, metered)
}
