/** Several instances of a fleet in one process and in virtual time, and places to share that are slow, or do not answer. */
import { Clock, Context, Effect, Exit, Fiber, Layer, Scope } from "effect"
import { RateLimit, SharedState } from "effect-resilience"

/** How a place to share is: how long it takes to be asked and to answer, in milliseconds, and whether it does at all. */
export interface Place {
  readonly backend: SharedState.Backend
  millis: () => number
  answers: boolean
  commands: number
  /** What was asked is done, and of so many answers to it one does not come. */
  losesEvery: number | undefined
  /** All that was kept is gone, as by FLUSHALL. */
  readonly erase: Effect.Effect<void>
}

export const place: Effect.Effect<Place> = Effect.map(SharedState.makeMemoryBackend, (memory) => {
  const lost = Effect.suspend(() => {
    const { losesEvery } = state
    return losesEvery !== undefined && state.commands % losesEvery === 0 ? Effect.never : Effect.void
  })
  const ask = <A, E>(command: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.suspend(() => {
      state.commands++
      const half = state.millis() / 2
      const there = half > 0 ? Effect.sleep(half) : Effect.void
      const done = Effect.zipRight(
        there,
        Effect.suspend(() => (state.answers ? Effect.tap(command, lost) : Effect.never))
      )
      return half > 0 ? Effect.zipLeft(done, Effect.sleep(half)) : done
    })
  const keys = new Set<string>()
  const state: Place = {
    backend: {
      ...memory,
      read: (key) => ask(memory.read(key)),
      swap: (key, swap) => {
        keys.add(key)
        return ask(memory.swap(key, swap))
      }
    },
    erase: Effect.forEach(
      keys,
      (key) =>
        Effect.flatMap(memory.read(key), ({ now, version }) =>
          memory.swap(key, { expected: version, text: "", timeToLive: 0, at: now, tell: "nobody" })
        ),
      { discard: true }
    ).pipe(Effect.orDie),
    millis: () => 0,
    answers: true,
    commands: 0,
    losesEvery: undefined
  }
  return state
})

/** One instance with a limit, and what it has sent when. */
export const limited = (backend: SharedState.Backend, options: RateLimit.Options, shared?: SharedState.Options) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const context = yield* Layer.build(
      RateLimit.layer(options).pipe(Layer.provideMerge(SharedState.layer(Effect.succeed(backend), shared)), Layer.fresh)
    ).pipe(Scope.extend(scope))
    const limit = Context.get(context, RateLimit.RateLimit)
    const sent: Array<number> = []
    const call = Clock.currentTimeMillis.pipe(
      Effect.map((now) => sent.push(now)),
      limit.protect("a")
    )
    const busy: Array<Fiber.RuntimeFiber<unknown, unknown>> = []
    return {
      call,
      sent,
      limit,
      status: Context.get(context, SharedState.SharedState).status,
      /** Has so many calls at all times that want to be sent. */
      press: (count: number) =>
        Effect.flatMap(Effect.replicateEffect(Effect.fork(Effect.forever(call)), count), (fibers) =>
          Effect.sync(() => busy.push(...fibers))
        ),
      /** It gives nothing back, as whoever is killed. */
      die: Effect.suspend(() => Fiber.interruptAll(busy)),
      stop: Scope.close(scope, Exit.void)
    }
  })

/** The most that was sent within any such window. */
export const mostWithin = (sent: ReadonlyArray<number>, window: number): number => {
  const times = [...sent].sort((one, other) => one - other)
  let most = 0
  let from = 0
  times.forEach((time, i) => {
    while (time - times[from]! >= window) from++
    most = Math.max(most, i - from + 1)
  })
  return most
}

/** How far the one who has least, or most, is from the mean, as a part of it. */
export const unfairness = (counts: ReadonlyArray<number>): number => {
  const mean = counts.reduce((sum, one) => sum + one, 0) / counts.length
  return Math.max(...counts.map((one) => Math.abs(one - mean))) / mean
}
