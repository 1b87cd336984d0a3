/**
 * Writes what is pending: in batches, one at a time, again after a failure, and never for longer than a statement may
 * take.
 *
 * @internal
 */
import type { SqlClient } from "@effect/sql/SqlClient"
import { SqlError } from "@effect/sql/SqlError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { type Hub, ResilienceEvent } from "../../internal/telemetry/events.js"
import { committed, notCommitted } from "./committed.js"
import { codeOf, insertWhatFits } from "./insert.js"
import type { Pending } from "./pending.js"
import { prune } from "./retention.js"
import type { Entry } from "./rows.js"
import type { Settings } from "./settings.js"

/** How often it is looked for what is too old, and how long it is waited at most after a row of failures. */
const pruneEvery = 600_000
const mostDelay = 60_000

/** @internal */
export class Writer {
  written = 0
  /** Writes in a row that have failed. */
  failures = 0
  private batch: ReadonlyArray<Entry> = []
  private toldDropped = 0
  private toldNotCommitted = false
  private prunedAt = Number.NEGATIVE_INFINITY
  private prunedAfter = 0
  private readonly turn = Effect.unsafeMakeSemaphore(1)
  private readonly full = Effect.unsafeMakeLatch(false)

  constructor(
    private readonly sql: SqlClient,
    private readonly settings: Settings,
    private readonly run: string,
    private readonly pending: Pending,
    private readonly hub: Hub,
    private readonly counted: (rows: number) => void
  ) {}

  get waiting(): number {
    return this.pending.size + this.batch.length
  }

  /** A row has come. */
  added(): void {
    if (this.pending.size >= this.settings.batchSize) this.full.unsafeOpen()
  }

  /** Everything there is, in one turn. */
  readonly drain: Effect.Effect<void, SqlError> = this.turn.withPermits(1)(
    // Its statements are no part of anybody's trace.
    Effect.withTracerEnabled(
      Effect.suspend(() => this.writeAll()),
      false
    )
  )

  readonly loop: Effect.Effect<never> = Effect.forever(
    Effect.suspend(() => {
      const { full, settings } = this
      if (this.failures > 0) {
        return Effect.sleep(
          Math.min(settings.intervalMillis * 2 ** this.failures, Math.max(mostDelay, settings.intervalMillis))
        )
      }
      return Effect.raceFirst(full.await, Effect.sleep(settings.intervalMillis))
    }).pipe(
      Effect.andThen(Effect.sync(() => this.full.unsafeClose())),
      Effect.andThen(Effect.catchAllCause(this.drain, () => Effect.void))
    )
  )

  private writeAll(): Effect.Effect<void, SqlError> {
    return Effect.gen(this, function* () {
      while (true) {
        if (this.batch.length === 0) this.batch = this.pending.take(this.settings.batchSize)
        if (this.batch.length === 0) break
        yield* this.timely(insertWhatFits(this.sql, this.batch, (rows) => this.pending.drop(rows)))
        // After a failure a connection may take what it will never commit.
        if (this.failures > 0) yield* this.timely(committed(this.sql))
        this.written += this.batch.length
        this.counted(this.batch.length)
        this.batch = []
        if (this.pending.size > 0) yield* Effect.sleep(0)
      }
      yield* this.tidy()
      if (this.failures > 0) {
        this.failures = 0
        this.toldNotCommitted = false
        yield* Effect.logInfo(`The operation log is written again; ${this.pending.dropped} rows of it are lost so far`)
      }
    }).pipe(Effect.tapError((error) => this.failed(error)))
  }

  /** What the database is told besides rows: how many are missing, and which have had their time. */
  private tidy(): Effect.Effect<void, SqlError> {
    return Effect.gen(this, function* () {
      const { pending, run, settings, sql } = this
      const { dropped } = pending
      if (dropped !== this.toldDropped) {
        yield* this.timely(sql`UPDATE llm_log_runs SET dropped_rows = ${dropped} WHERE run = ${run}`)
        this.toldDropped = dropped
      }
      const now = yield* Clock.currentTimeMillis
      const isDue = now - this.prunedAt >= pruneEvery || this.written - this.prunedAfter >= settings.keepRows / 10
      if (!isDue) return
      // Somebody else's statement may have been the one that failed.
      yield* this.timely(committed(sql))
      const olderThan = now - settings.keepForMillis
      const more = yield* this.timely(prune(sql, { keepRows: settings.keepRows, olderThan, run }))
      if (more) return
      this.prunedAt = now
      this.prunedAfter = this.written
    })
  }

  /** A statement of a database that hangs is left behind. */
  private timely<A>(statement: Effect.Effect<A, SqlError>): Effect.Effect<A, SqlError> {
    return Effect.timeoutFail(Effect.disconnect(statement), {
      duration: this.settings.writeTimeout,
      onTimeout: () => new SqlError({ cause: { code: "TIMEOUT" }, message: "The statement took too long" })
    })
  }

  private failed(error: SqlError): Effect.Effect<void> {
    return Effect.flatMap(Clock.currentTimeMillis, (at) => {
      this.failures++
      if (this.hub.listening()) {
        this.hub.publish(ResilienceEvent.StoreFailed({ at, target: "operation log", policy: "operationLog", error }))
      }
      const why = codeOf(error.cause)
      if (why === notCommitted && !this.toldNotCommitted) {
        this.toldNotCommitted = true
        return Effect.logWarning(
          "The operation log's connection has committed nothing since it found the database busy, and keeps others from " +
            "writing: give the log a connection of its own that can be made anew, as OperationLogFile does"
        )
      }
      if (this.failures > 1) return Effect.void
      const words = `The operation log cannot be written${why === undefined ? "" : ` (${why})`}; calls go on without it`
      return Effect.logWarning(`${words}, and up to ${this.pending.capacity} rows are kept until it can`)
    })
  }
}
