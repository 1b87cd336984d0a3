/**
 * The gate of what may be used in a time: reserved before the call, settled after it.
 *
 * Whoever cannot have it now waits in a line, whose first one asks again when the buckets should hold enough, or when
 * something has come back. So a bucket that is corrected meanwhile is corrected for all who wait.
 *
 * @internal
 */
import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Observed, Restore } from "../admission/gate.js"
import { limited } from "../breaker/rejected.js"
import { failureOf } from "../errors/failureOf.js"
import { RequestTooLarge, type Usage } from "../errors/llmError.js"
import { isRejection, type RateLimitExceeded } from "../errors/rejection.js"
import type { LoadGate as GateName } from "../telemetry/events.js"
import { startTimer } from "../time/timer.js"
import { type Around, waitingOf } from "./around.js"
import { type Amounts, granted, type Limit, type Reserved, type Unit } from "./buckets.js"
import { holdOf } from "./hold.js"
import type { LeftReport } from "./leftReport.js"
import type { LoadGate } from "./operators.js"
import type { QueueReport } from "./queueReport.js"
import type { RateLimitStoreError } from "./rateLimit.js"
import type { RateStoreAccess } from "./rateStoreAccess.js"
import type { Turn, Turnstile } from "./turnstile.js"
import { usageOf } from "./usage.js"
import { usedUpTo } from "./usedUpTo.js"

export type Rejected = RateLimitExceeded | RequestTooLarge

/** @internal */
export interface RateSettings {
  readonly limits: ReadonlyArray<Limit>
  readonly whenExceeded: "wait" | "reject"
  /** Milliseconds. */
  readonly maxWait: number
  /** Whether a target that wants to be left alone empties the buckets. */
  readonly heedsHints: boolean
  /** What a call is expected to use. */
  readonly expected: (context: Context.Context<never>) => Amounts
  /** Whether `expected` looks at the context. */
  readonly fixed: Amounts | undefined
  /** What it has used, as far as its usage tells; what it does not tell is as expected. */
  readonly measured: (usage: Usage, expected: Amounts) => Amounts
}

/** The line before the buckets of one key. @internal */
export class Queue {
  /** What those who wait have asked for. */
  readonly ahead: { [unit in Unit]?: number } = {}
  /** Wakes the first one, where it sleeps. */
  wake: (() => void) | undefined = undefined

  constructor(
    readonly turns: Turnstile,
    readonly settings: RateSettings,
    readonly report: QueueReport,
    readonly left: LeftReport
  ) {}

  /** How many wait: who is first, and the line behind it. */
  get length(): number {
    return this.turns.running + this.turns.queued
  }

  add(amounts: Amounts, sign: 1 | -1): void {
    for (const unit in amounts) {
      const amount = amounts[unit as Unit] ?? 0
      this.ahead[unit as Unit] = this.turns.idle && sign < 0 ? 0 : (this.ahead[unit as Unit] ?? 0) + sign * amount
    }
  }
}

/** What was reserved, and where it goes back to, once. @internal */
export interface Reservation {
  readonly queue: Queue
  readonly amounts: Amounts
  settled: boolean
}

/** @internal */
export const rateGate = (
  name: GateName,
  scope: object,
  key: string,
  access: RateStoreAccess,
  queueOf: (now: number) => Queue,
  failed: (now: number, error: RateLimitStoreError) => void,
  around: Around,
  /** The usage that somebody else has read, as from a stream. */
  seen?: (() => Usage | undefined) | undefined
): LoadGate<Rejected> => {
  const { immediate, store } = access

  /** A store that fails lets calls through. */
  const ask = (
    queue: Queue,
    amounts: Amounts,
    ahead: Amounts,
    restore: Restore,
    clock: Clock.Clock
  ): Reserved | Effect.Effect<Reserved> => {
    const { limits } = queue.settings
    const known = immediate?.reserve(key, limits, amounts, ahead, clock.unsafeCurrentTimeMillis())
    if (known !== undefined) return known
    return Effect.matchEffect(access.reserve(key, limits, amounts, ahead, restore, clock), {
      onFailure: (error) =>
        Effect.sync(() => {
          failed(clock.unsafeCurrentTimeMillis(), error)
          return granted
        }),
      onSuccess: (answer = granted) => Effect.succeed(answer)
    })
  }

  /** At once, where nobody has to be asked for it. */
  const tellLeft = (queue: Queue, clock: Clock.Clock): Effect.Effect<void> | undefined => {
    const { limits } = queue.settings
    if (immediate === undefined) return queue.left.ask(store.left(key, limits), clock)
    const left = immediate.left(key, limits, clock.unsafeCurrentTimeMillis())
    if (left !== undefined) queue.left.tell(left)
    return undefined
  }

  const begin = (
    queue: Queue,
    amounts: Amounts,
    restore: Restore,
    clock: Clock.Clock
  ): Reservation | Effect.Effect<Reservation, Rejected> => {
    const waits = !queue.turns.idle
    const answer = ask(queue, amounts, waits ? queue.ahead : {}, restore, clock)
    const decide = (answer: Reserved): Reservation | Effect.Effect<Reservation, Rejected> =>
      answer._tag === "Granted"
        ? { queue, amounts, settled: false }
        : answer._tag === "TooLarge"
          ? Exit.fail(tooLarge(key, answer))
          : enqueue(queue, amounts, answer.millis, restore, clock)
    return Effect.isEffect(answer) ? Effect.flatMap(answer, (answer) => toEffect(decide(answer))) : decide(answer)
  }

  const enqueue = (queue: Queue, amounts: Amounts, wait: number, restore: Restore, clock: Clock.Clock) => {
    const told = tellLeft(queue, clock)
    const waited = inLine(queue, amounts, wait, restore, clock)
    return told === undefined ? waited : Effect.zipRight(told, waited)
  }

  const inLine = (queue: Queue, amounts: Amounts, wait: number, restore: Restore, clock: Clock.Clock) =>
    Effect.withFiberRuntime<Reservation, Rejected>((fiber) => {
      const context = fiber.currentContext as Context.Context<never>
      const now = clock.unsafeCurrentTimeMillis()
      const { most, spent } = waitingOf(context, now, queue.settings.maxWait, around)
      if (queue.settings.whenExceeded === "reject" || wait >= most) return Exit.fail(limited(key, wait))
      queue.add(amounts, 1)
      let joined = false
      const join = (): void => {
        joined = true
        queue.report.queued(now, queue.length)
      }
      const turn = Effect.suspend((): Effect.Effect<Turn> => {
        // The first one stands before the line, in which the others wait.
        if (!queue.turns.enter()) {
          return queue.turns.wait(restore, clock, context, most, { queued: join, dequeued: () => {} })
        }
        join()
        return Effect.succeed("granted")
      })
      return Effect.onExit(
        Effect.flatMap(turn, (turn) =>
          turn === "granted"
            ? Effect.onExit(first(queue, amounts, now + most, restore, clock), () =>
                Effect.sync(() => queue.turns.leave())
              )
            : Exit.fail(limited(key, wait))
        ),
        (exit) =>
          Effect.sync(() => {
            queue.add(amounts, -1)
            const at = clock.unsafeCurrentTimeMillis()
            if (joined) queue.report.dequeued(at, at - now, queue.length, Exit.isSuccess(exit))
            spent(at - now)
          })
      )
    })

  const first = (
    queue: Queue,
    amounts: Amounts,
    until: number,
    restore: Restore,
    clock: Clock.Clock
  ): Effect.Effect<Reservation, Rejected> =>
    Effect.suspend(() => {
      const answer = ask(queue, amounts, {}, restore, clock)
      return Effect.flatMap(Effect.isEffect(answer) ? answer : Effect.succeed(answer), (answer) => {
        if (answer._tag === "Granted") return Effect.succeed({ queue, amounts, settled: false })
        if (answer._tag === "TooLarge") return Exit.fail(tooLarge(key, answer))
        const { millis } = answer
        if (clock.unsafeCurrentTimeMillis() + millis > until) return Exit.fail(limited(key, millis))
        return Effect.flatMap(restore(sleep(queue, clock, millis)), () => first(queue, amounts, until, restore, clock))
      })
    })

  const settle = (reservation: Reservation, used: Amounts, clock: Clock.Clock): Effect.Effect<void> | undefined => {
    const { amounts, queue } = reservation
    if (used === amounts) return undefined
    return change(
      queue,
      clock,
      (now) => immediate?.settle(key, queue.settings.limits, amounts, used, now),
      () => store.settle(key, queue.settings.limits, amounts, used)
    )
  }

  const hold = (queue: Queue, until: number, clock: Clock.Clock): Effect.Effect<void> | undefined =>
    change(
      queue,
      clock,
      (now) => immediate?.hold(key, queue.settings.limits, until, now),
      () => store.hold(key, queue.settings.limits, until)
    )

  const change = (
    queue: Queue,
    clock: Clock.Clock,
    now: (now: number) => void,
    later: () => Effect.Effect<void, RateLimitStoreError>
  ): Effect.Effect<void> | undefined => {
    if (immediate !== undefined) {
      now(clock.unsafeCurrentTimeMillis())
      queue.wake?.()
      return undefined
    }
    return Effect.matchEffect(access.change(later(), clock), {
      onFailure: (error) => Effect.sync(() => failed(clock.unsafeCurrentTimeMillis(), error)),
      onSuccess: () => Effect.sync(() => queue.wake?.())
    })
  }

  /** Who would have waited takes what is not there yet, as it would have taken it then. */
  const observe = (queue: Queue, amounts: Amounts, clock: Clock.Clock, left: number) => {
    const { limits, maxWait, whenExceeded } = queue.settings
    const permit: Reservation = { queue, amounts, settled: false }
    const rejected = (error: Rejected): Observed<Reservation> => ({
      permit: undefined,
      decision: { policy: name, action: "reject", error }
    })
    const decide = (answer: Reserved): Effect.Effect<Observed<Reservation>> => {
      if (answer._tag === "Granted") return Effect.succeed({ permit, decision: undefined })
      if (answer._tag === "TooLarge") return Effect.succeed(rejected(tooLarge(key, answer)))
      const { millis } = answer
      if (whenExceeded === "reject" || millis >= Math.min(maxWait, left)) {
        return Effect.succeed(rejected(limited(key, millis)))
      }
      const taken = change(
        queue,
        clock,
        (now) => immediate?.settle(key, limits, {}, amounts, now),
        () => store.settle(key, limits, {}, amounts)
      )
      const decision = { policy: name, action: "wait", wait: Duration.millis(millis) } as const
      return Effect.as(taken ?? Effect.void, { permit, decision })
    }
    return Effect.uninterruptibleMask((restore) => {
      const answer = ask(queue, amounts, queue.turns.idle ? {} : queue.ahead, restore, clock)
      return Effect.isEffect(answer) ? Effect.flatMap(answer, decide) : decide(answer)
    })
  }

  return {
    circuit: { scope, key },
    observe: (clock, left) =>
      Effect.withFiberRuntime((fiber) => {
        const queue = queueOf(clock.unsafeCurrentTimeMillis())
        return observe(queue, queue.settings.expected(fiber.currentContext as Context.Context<never>), clock, left)
      }),
    acquire: (restore, clock) => {
      const queue = queueOf(clock.unsafeCurrentTimeMillis())
      const { expected, fixed } = queue.settings
      if (fixed !== undefined) return begin(queue, fixed, restore, clock)
      return Effect.withFiberRuntime<Reservation, Rejected>((fiber) =>
        toEffect(begin(queue, expected(fiber.currentContext as Context.Context<never>), restore, clock))
      )
    },
    release: (reservation: Reservation, exit, clock) => {
      if (reservation.settled) return undefined
      reservation.settled = true
      const { queue } = reservation
      const settled = settle(reservation, safelyUsed(exit, reservation, seen?.() ?? usedUpTo(exit)), clock)
      const isHint = Exit.isFailure(exit) && queue.settings.heedsHints
      const millis = isHint ? holdOf(exit, clock.unsafeCurrentTimeMillis(), around.longestHold) : 0
      const held = millis > 0 ? hold(queue, clock.unsafeCurrentTimeMillis() + millis, clock) : undefined
      return allOf(settled, held, tellLeft(queue, clock))
    }
  }
}

/** One after the other, as far as there is anything to do. */
const allOf = (...effects: ReadonlyArray<Effect.Effect<void> | undefined>): Effect.Effect<void> | undefined => {
  const there = effects.filter((effect) => effect !== undefined)
  return there.length > 1 ? Effect.all(there, { discard: true }) : there[0]
}

const toEffect = <A, E>(answer: A | Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.isEffect(answer) ? (answer as Effect.Effect<A, E>) : Effect.succeed(answer)

/** Sleeps so long, or until it is woken. */
const sleep = (queue: Queue, clock: Clock.Clock, millis: number): Effect.Effect<void> =>
  Effect.async((resume) => {
    const stop = startTimer(clock, millis, () => resume(Effect.void))
    queue.wake = () => resume(Effect.void)
    return Effect.sync(() => {
      stop()
      queue.wake = undefined
    })
  })

/** A failure that cannot be looked at without something being thrown says nothing of what was used. */
const safelyUsed: typeof usedBy = (exit, reservation, seen) => {
  try {
    return usedBy(exit, reservation, seen)
  } catch {
    return reservation.amounts
  }
}

/**
 * What a call has used. What was never sent has used nothing. A failure that the target has told has cost a request, and
 * what it says besides. Of an attempt that was given up on, or broke off, nobody knows: it keeps what was reserved.
 */
const usedBy = (
  exit: Exit.Exit<unknown, unknown>,
  { amounts, queue }: Reservation,
  seen: Usage | undefined
): Amounts => {
  const { measured } = queue.settings
  if (Exit.isSuccess(exit)) {
    const usage = seen ?? usageOf(exit.value)
    return usage === undefined ? amounts : measured(usage, amounts)
  }
  // What has been said was used, however it ended.
  if (seen !== undefined) return measured(seen, amounts)
  if (Cause.isInterruptedOnly(exit.cause) || Cause.isDie(exit.cause)) return amounts
  const error = failureOf(Cause.squash(exit.cause))
  if (isRejection(error)) return {}
  switch (error._tag) {
    case "ConnectionFailed":
      return error.sent === "no" ? {} : amounts
    case "StreamInterrupted":
      return error.usage === undefined ? amounts : measured(error.usage, amounts)
    case "TimedOut":
      return amounts
    default:
      return amounts.requests === undefined ? {} : { requests: amounts.requests }
  }
}

const names: Readonly<Record<Unit, string>> = {
  requests: "requests",
  tokens: "tokens",
  inputTokens: "input tokens",
  outputTokens: "output tokens",
  money: "of the budget's unit",
  retries: "retries"
}

const tooLarge = (key: string, { amount, most, unit }: Extract<Reserved, { _tag: "TooLarge" }>): RequestTooLarge =>
  new RequestTooLarge({
    target: key,
    message: `The request needs ${amount} ${names[unit]}, and the limit of "${key}" never has more than ${most}`
  })
