/**
 * What limits still allow, for the metrics.
 *
 * @internal
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { LoadGate } from "../telemetry/events.js"
import { labelOf, shared } from "../telemetry/labels.js"
import { metricTable } from "../telemetry/metricTable.js"
import { byValue, gauge } from "../telemetry/series.js"
import type { Amounts, Unit } from "./buckets.js"

const kinds: Readonly<Record<Unit, string>> = {
  requests: "requests",
  tokens: "tokens",
  inputTokens: "input_tokens",
  outputTokens: "output_tokens",
  money: "money",
  retries: "retries"
}

/** How often a store that has to be asked is asked for it at most, in milliseconds; as long it has for its answer. */
const every = 1_000

/** Made with the first call that leaves something to tell. A label that several share has no gauge. @internal */
export class LeftReport {
  private isDue = false
  private askedAt = Number.NEGATIVE_INFINITY
  private own: string | undefined
  private readonly series = byValue((kind) => gauge(metricTable.limitLeft, this.label, this.gate, kind))

  constructor(
    private readonly gate: LoadGate,
    private readonly target: string,
    private readonly capacity: number
  ) {}

  private get label(): string {
    this.own ??= labelOf("limits", this.target, this.capacity)
    return this.own
  }

  tell(left: Amounts): void {
    if (this.label === shared) return
    for (const unit in left) {
      const amount = left[unit as Unit]
      // A limit without an end is none.
      if (amount !== undefined && Number.isFinite(amount)) this.series(kinds[unit as Unit]).unsafeUpdate(amount, [])
    }
  }

  /**
   * Asks a store, beside the call, which does not wait for it. A call that comes soon after another one was told of is told
   * of a little later, together with those that follow. A store that gives no answer leaves the gauge as it is.
   */
  ask(left: Effect.Effect<Amounts, unknown>, clock: Clock.Clock): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.isDue || this.label === shared) return Effect.void
      this.isDue = true
      const since = clock.unsafeCurrentTimeMillis() - this.askedAt
      const asked = Effect.suspend(() => {
        this.isDue = false
        this.askedAt = clock.unsafeCurrentTimeMillis()
        return Effect.timeout(Effect.disconnect(left), Duration.millis(every))
      })
      const told = Effect.map(asked, (left) => this.tell(left))
      const later = since >= 0 && since < every ? Effect.delay(told, Duration.millis(every - since)) : told
      return Effect.asVoid(Effect.forkDaemon(Effect.interruptible(Effect.catchAllCause(later, () => Effect.void))))
    })
  }
}
