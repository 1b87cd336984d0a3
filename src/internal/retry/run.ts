import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schedule from "effect/Schedule"
import * as ScheduleDecision from "effect/ScheduleDecision"
import { failureOf } from "../errors/failureOf.js"
import { text } from "../errors/safeRead.js"
import { OtherTargets } from "../fallback/otherTargets.js"
import { tagsOf } from "../fiber/currentFiber.js"
import { runUntilSignal } from "../fiber/runUntil.js"
import { nextCall } from "../telemetry/callNumber.js"
import { type Hub, ResilienceEvent } from "../telemetry/events.js"
import { hubIn } from "../telemetry/operation.js"
import { countWithheld, type Withheld } from "../telemetry/report.js"
import { labelCapacity, type Tags, type TargetMetrics, targetMetrics } from "../telemetry/targetMetrics.js"
import { CurrentDeadline } from "../time/deadline.js"
import { isRunning, noteFailure } from "../time/watchedDeadline.js"
import { decide } from "./decision.js"
import { stepOf } from "./stepper.js"

/**
 * What has to agree to a retry besides its policy, and gets the permission back if the retry is not sent after all.
 *
 * @internal
 */
export interface Permission {
  readonly take: Effect.Effect<boolean>
  readonly giveBack: Effect.Effect<void>
}

/**
 * `Effect.retry`, with three differences: nothing is made before the first failure; a permission can be asked for; and
 * a deadline that passes while an attempt is under way ends the call with the last real error.
 *
 * @internal
 */
export const retry = <A, E, R, B, R1>(
  self: Effect.Effect<A, E, R>,
  policy: Schedule.Schedule<B, E, R1>,
  target: string | undefined,
  permission?: Permission
): Effect.Effect<A, E, R | R1> =>
  Effect.catchAll(self, (error) =>
    Effect.flatMap(labelCapacity, (labels) =>
      Effect.withFiberRuntime<A, E, R | R1>((fiber) => {
        const context = fiber.currentContext as Context.Context<never>
        const deadline = Context.get(context, CurrentDeadline)
        const name = target ?? targetOf(error)
        const metrics = targetMetrics(name, labels)
        const outlet = { hub: hubIn(context), labels, metrics, tags: Array.from(tagsOf(fiber)) }
        const retries = new Retries<E>(error, name, outlet, permission)
        const rest = Effect.flatMap(Schedule.driver(retries.watch(policy)), (driver) =>
          again(
            Effect.provideServiceEffect(self, Schedule.CurrentIterationMetadata, driver.iterationMeta),
            driver,
            retries
          )
        )
        return isRunning(deadline) ? runUntilSignal(rest, deadline.passed, () => Exit.fail(retries.lastError)) : rest
      })
    )
  )

const again = <A, E, R, B, R1>(
  self: Effect.Effect<A, E, R>,
  driver: Schedule.ScheduleDriver<B, E, R1>,
  retries: Retries<E>
): Effect.Effect<A, E, R | R1> =>
  Effect.matchEffect(retries.wait(driver), {
    onFailure: () => Exit.fail(retries.lastError),
    onSuccess: () =>
      Effect.catchAll(self, (error) => {
        retries.failed(error)
        return again(self, driver, retries)
      })
  })

/** Where the retries are told. */
interface Outlet {
  readonly hub: Hub
  readonly labels: number
  readonly metrics: TargetMetrics
  readonly tags: Tags
}

/** One call's retries, from its first failure on. */
class Retries<E> {
  private readonly call = nextCall()
  /** The number of the last attempt that was made. */
  private attempt = 1
  private holdsPermission = false

  constructor(
    public lastError: E,
    private readonly target: string,
    private readonly outlet: Outlet,
    private readonly permission: Permission | undefined
  ) {}

  failed(error: E): void {
    this.attempt++
    this.lastError = error
  }

  /** The policy, with the permission to ask for and listeners to tell. */
  watch<B, R>(policy: Schedule.Schedule<B, E, R>): Schedule.Schedule<B, E, R> {
    return Schedule.makeWithState(policy.initial, (now, error: E, state) =>
      Effect.flatMap(Effect.zip(CurrentDeadline, OtherTargets), ([deadline, others]) => {
        noteFailure(deadline, error)
        others?.patience.noteFailure(error)
        return Effect.flatMap(policy.step(now, error, state), ([next, out, decision]) => {
          const left = deadline === undefined ? Number.POSITIVE_INFINITY : deadline.at - now
          const bounds = { left, patience: others?.patience.left ?? Number.POSITIVE_INFINITY }
          return Effect.map(decide(stepOf(now, out, decision), { now, bounds, others }, this.ask), (decided) => {
            if (decided.wait !== undefined) this.scheduled(now, decided.wait)
            else if (decided.withheld !== undefined) this.withheld(now, decided.withheld)
            return [next, out, decided.wait === undefined ? ScheduleDecision.done : decision]
          })
        })
      })
    )
  }

  /** Waits for the next attempt. A permission whose attempt is not sent goes back. */
  wait<B, R>(driver: Schedule.ScheduleDriver<B, E, R>) {
    return Effect.suspend(() => {
      this.holdsPermission = false
      return driver.next(this.lastError)
    }).pipe(Effect.onInterrupt(() => (this.holdsPermission ? (this.permission?.giveBack ?? Effect.void) : Effect.void)))
  }

  private get ask(): Effect.Effect<boolean> | undefined {
    return (
      this.permission &&
      Effect.uninterruptible(
        Effect.tap(this.permission.take, (allowed) => {
          this.holdsPermission = allowed
        })
      )
    )
  }

  private scheduled(at: number, millis: number): void {
    const { hub, metrics, tags } = this.outlet
    metrics.retry(failureOf(this.lastError)._tag, millis, tags)
    if (!hub.listening()) return
    const about = { ...this.about(at), attempt: this.attempt + 1 }
    hub.publish(ResilienceEvent.RetryScheduled({ ...about, wait: Duration.millis(millis), error: this.lastError }))
  }

  private withheld(at: number, reason: Withheld): void {
    const { hub, labels } = this.outlet
    countWithheld(this.target, reason, labels)
    if (!hub.listening()) return
    hub.publish(ResilienceEvent.RetryWithheld({ ...this.about(at), reason, error: this.lastError }))
  }

  private about(at: number) {
    return { at, target: this.target, call: this.call, attempt: this.attempt }
  }
}

/** An `LlmError` may know its target. */
const targetOf = (error: unknown): string => text(error, "target") ?? "unknown"
