import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { failureOf } from "../errors/failureOf.js"
import { text } from "../errors/safeRead.js"
import { type Hub, ResilienceEvent } from "../telemetry/events.js"
import { metricTable } from "../telemetry/metricTable.js"
import { hubIn } from "../telemetry/operation.js"
import { outcomeCounters } from "../telemetry/outcomeCounters.js"
import { noteInSpan } from "../telemetry/spans.js"
import { labelCapacity } from "../telemetry/targetMetrics.js"
import { clockOf } from "../time/timer.js"
import { type Named, passedOver, type Walk } from "./nextTarget.js"

const count = outcomeCounters(metricTable.fallbacks)

/**
 * Tells where a walk goes on, and whom it passes over.
 *
 * @internal
 */
export const wentOn = (from: string | undefined, error: unknown, seen: number, to: Walk<Named>): Effect.Effect<void> =>
  Effect.zipRight(
    passed(passedOver(seen, to)),
    telling(({ at, hub, labels }) => {
      const target = to.targets[to.index]?.name
      if (from === undefined || target === undefined) return
      count(target, "taken", labels)
      noteInSpan("llm.fallback", at, () => ({
        "llm.target": target,
        "llm.from": from,
        "error.type": failureOf(error)._tag
      }))
      if (hub.listening()) hub.publish(ResilienceEvent.FallbackTaken({ at, target, from, error }))
    })
  )

/** Tells who was passed over, by what they would have failed with. @internal */
export const passed = (errors: ReadonlyArray<unknown>): Effect.Effect<void> =>
  telling(({ at, hub, labels }) => {
    for (const error of errors) {
      const target = text(error, "target") ?? "target"
      count(target, "skipped", labels)
      if (hub.listening()) hub.publish(ResilienceEvent.FallbackSkipped({ at, target, error }))
    }
  })

/** @internal */
export const lastAnswerGiven = (error: unknown): Effect.Effect<void> =>
  telling(({ at, hub, labels }) => {
    count("last answer", "given", labels)
    noteInSpan("llm.last_answer", at, () => ({ "error.type": failureOf(error)._tag }))
    if (hub.listening()) hub.publish(ResilienceEvent.FallbackLastAnswer({ at, target: "last answer", error }))
  })

interface Place {
  readonly at: number
  readonly hub: Hub
  readonly labels: number
}

const telling = (tell: (place: Place) => void): Effect.Effect<void> =>
  Effect.flatMap(labelCapacity, (labels) =>
    Effect.withFiberRuntime((fiber) => {
      const hub = hubIn(fiber.currentContext as Context.Context<never>)
      tell({ at: clockOf(fiber).unsafeCurrentTimeMillis(), hub, labels })
      return Effect.void
    })
  )
