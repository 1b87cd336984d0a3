/**
 * The state of a circuit as JSON, for stores outside of the process.
 *
 * @internal
 */
import * as Schema from "effect/Schema"
import type { Calls } from "./countWindow.js"
import type * as State from "./state.js"
import type { Slots } from "./timeWindow.js"
import type { Streak, Window } from "./window.js"

/** What is not there is `null` in JSON, and `undefined` here, so that all circuits have the same shape. */
const orNull = <A, I>(of: Schema.Schema<A, I>): Schema.Schema<A | undefined, I | null> =>
  Schema.transform(Schema.NullOr(of), Schema.UndefinedOr(Schema.typeSchema(of)), {
    strict: true,
    decode: (value) => value ?? undefined,
    encode: (value) => value ?? null
  })

const tally = { calls: Schema.Number, failures: Schema.Number, slow: Schema.Number, abandoned: Schema.Number }

const StreakSchema: Schema.Schema<Streak> = Schema.TaggedStruct("Streak", tally)

const CallsSchema: Schema.Schema<Calls> = Schema.TaggedStruct("Calls", {
  ...tally,
  next: Schema.Number,
  word: Schema.Number,
  blocks: Schema.Array(Schema.Array(Schema.Number))
})

const SlotsSchema: Schema.Schema<Slots> = Schema.TaggedStruct("Slots", {
  ...tally,
  slot: Schema.Number,
  current: Schema.Struct(tally),
  past: Schema.Array(Schema.Struct(tally))
})

const WindowSchema: Schema.Schema<Window> = Schema.Union(StreakSchema, CallsSchema, SlotsSchema)

const Lease = Schema.Struct({ id: Schema.Number, since: Schema.Number, expiresAt: Schema.Number })

const Reason = Schema.Literal("failures", "slowCalls", "abandoned", "probe", "manual")

/** Calls under way are counted by each process for itself. */
const none = Schema.transform(Schema.Null, Schema.Undefined, {
  strict: true,
  decode: () => undefined,
  encode: () => null
})

const Closed = Schema.TaggedStruct("Closed", {
  window: WindowSchema,
  inFlight: none,
  row: orNull(Schema.Struct({ openings: Schema.Number, closedAt: Schema.Number, lastOpenFor: Schema.Number }))
})

const Open = Schema.TaggedStruct("Open", {
  since: Schema.Number,
  until: Schema.Number,
  openings: Schema.Number,
  slow: Schema.Boolean,
  reason: orNull(Reason)
})

const HalfOpen = Schema.TaggedStruct("HalfOpen", {
  openFor: Schema.Number,
  openings: Schema.Number,
  slow: Schema.Boolean,
  reason: orNull(Reason),
  successes: Schema.Number,
  abandoned: Schema.Number,
  leases: Schema.Array(Lease),
  nextLease: Schema.Number
})

const Parking = Schema.Struct({
  since: Schema.Number,
  until: Schema.Number,
  asked: Schema.Number,
  stated: Schema.Boolean,
  finder: orNull(Lease),
  nextFinder: Schema.Number
})

/**
 * The state of a circuit as JSON. What a process counts only for itself (how long its calls are under way) is not in it.
 *
 * @since 0.1.0
 * @category Stores
 */
export const CircuitSchema = Schema.Struct({
  generation: Schema.Number,
  phase: Schema.Union(Closed, Open, HalfOpen),
  parking: orNull(Parking),
  isolations: Schema.Number,
  lastFailure: orNull(Schema.Struct({ tag: Schema.String, at: Schema.Number }))
})

/** @internal */
export const withoutInFlight = (circuit: State.Circuit): typeof CircuitSchema.Type => {
  const { phase } = circuit
  return phase._tag === "Closed" && phase.inFlight !== undefined
    ? { ...circuit, phase: { ...phase, inFlight: undefined } }
    : (circuit as typeof CircuitSchema.Type)
}
