/**
 * What `RateLimit` and `SpendLimit` have in common: one line and one set of buckets for each key.
 *
 * @internal
 */

import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Stream from "effect/Stream"
import type { StreamDialect } from "../../StreamDialect.js"
import * as Gate from "../admission/gate.js"
import type { Usage } from "../errors/llmError.js"
import { type BoundsOptions, boundsOf } from "../keyed/boundedMap.js"
import { detect } from "../stream/dialect/detect.js"
import { type LoadGate as GateName, ResilienceEvents } from "../telemetry/events.js"
import { storeFailed } from "../telemetry/storeFailed.js"
import { labelCapacity } from "../telemetry/targetMetrics.js"
import { type Around, alone } from "./around.js"
import { LeftReport } from "./leftReport.js"
import type { LoadGate, Operators } from "./operators.js"
import { PerKey } from "./perKey.js"
import { queueReport } from "./queueReport.js"
import { Queue, type RateSettings, type Rejected, rateGate } from "./rateGate.js"
import type { Store } from "./rateLimit.js"
import { RateStoreAccess } from "./rateStoreAccess.js"
import { type QueueSettings, Turnstile } from "./turnstile.js"

/** @internal */
export interface Rate {
  readonly gateOf: (key: string, around?: Around, seen?: () => Usage | undefined) => LoadGate<Rejected>
  readonly queueOf: (key: string, now: number) => Queue
  readonly operators: Operators<Rejected>
}

/** @internal */
export const makeRate = (
  name: GateName,
  store: Store,
  settings: (key: string) => { readonly rate: RateSettings; readonly queue: QueueSettings },
  bounds: BoundsOptions
): Effect.Effect<Rate> =>
  Effect.gen(function* () {
    const hub = yield* ResilienceEvents
    const labels = yield* labelCapacity
    const queues = new PerKey<Queue>(
      boundsOf(name, bounds),
      (key) => {
        const { queue, rate } = settings(key)
        const report = queueReport(name, key, hub, labels)
        return new Queue(new Turnstile(1, queue, report), rate, report, new LeftReport(name, key, labels))
      },
      ({ turns }) => turns.idle
    )
    const scope = {}
    const access = new RateStoreAccess(store)
    const queueOf = (key: string, now: number): Queue => queues.get(key, now)
    const gateOf: Rate["gateOf"] = (key, around = alone, seen) =>
      rateGate(
        name,
        scope,
        key,
        access,
        (now) => queueOf(key, now),
        (at, error) => storeFailed({ hub, labels }, { at, target: key, policy: name, error }),
        around,
        seen
      )
    const operators: Operators<Rejected> = {
      protect: dual(2, <A, E, R>(self: Effect.Effect<A, E, R>, key: string) => Gate.effect(self, gateOf(key))),
      protectStream: dual(2, <A, E, R>(self: Stream.Stream<A, E, R>, key: string) =>
        Stream.suspend(() => {
          const reading = new UsageReading()
          const read = Stream.tap(self, (element) => Effect.sync(() => reading.read(element)))
          return Gate.stream(
            read,
            gateOf(key, alone, () => reading.usage)
          )
        })
      )
    }
    return { gateOf, queueOf, operators }
  })

/** The usage that a stream tells, as its dialect reads it. */
class UsageReading {
  usage: Usage | undefined = undefined
  private dialect: StreamDialect<unknown> | undefined = undefined

  read(element: unknown): void {
    try {
      this.dialect ??= detect(element)
      const { usage } = this.dialect.read(element)
      if (usage !== undefined) this.usage = { ...this.usage, ...usage }
    } catch {
      // A reader that fails has read nothing; the stream itself is not ours to judge here.
    }
  }
}
