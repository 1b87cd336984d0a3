/**
 * What is kept of one circuit for all processes: its state, and who holds it open by hand.
 *
 * @internal
 */
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { initial } from "../breaker/circuit.js"
import type { Policy } from "../breaker/policy.js"
import type { Circuit } from "../breaker/state.js"
import { CircuitSchema, withoutInFlight } from "../breaker/stateSchema.js"

/** Whoever isolates a circuit says so again before this time is over, in milliseconds, or has died. */
export const isolationLease = 15_000

const Document = Schema.Struct({
  circuit: CircuitSchema,
  /** Each process that isolates it. One that dies cannot take it back, so it holds for a time. */
  isolatedBy: Schema.Array(Schema.Struct({ by: Schema.String, count: Schema.Number, until: Schema.Number })),
  /** Who has written this. */
  by: Schema.String
})

/** By the time of the backend. @internal */
export type CircuitDocument = typeof Document.Type

const Text = Schema.parseJson(Document)

/** @internal */
export const encodeDocument: (document: CircuitDocument) => string = Schema.encodeSync(Text)

const decode = Schema.decodeUnknownEither(Text)

/** Nothing, for what somebody else has written there. @internal */
export const decodeDocument = (text: string): CircuitDocument | undefined => Either.getOrUndefined(decode(text))

/**
 * A circuit that nobody knows of. Its generation is the time, so that it is above every one that has been there before,
 * even where all of that is lost.
 *
 * @internal
 */
export const newDocument = (policy: Policy, at: number): CircuitDocument => ({
  circuit: withoutInFlight(initial(policy, at, at)),
  isolatedBy: [],
  by: ""
})

/** @internal */
export const circuitOf = ({ circuit, isolatedBy }: CircuitDocument, at: number): Circuit => ({
  ...circuit,
  isolations: isolatedBy.reduce((sum, { count, until }) => (until > at ? sum + count : sum), 0)
})

/** When the first of those who hold it open by hand has to have said so again. @internal */
export const isolatedUntil = ({ isolatedBy }: CircuitDocument, by: string, at: number): number | undefined => {
  const others = isolatedBy.filter((one) => one.by !== by && one.until > at)
  return others.length === 0 ? undefined : Math.min(...others.map(({ until }) => until))
}

/** @internal */
export const documentOf = (
  circuit: Circuit,
  before: CircuitDocument,
  by: string,
  isolations: number,
  at: number
): CircuitDocument => {
  const others = before.isolatedBy.filter((one) => one.by !== by && one.until > at)
  const own = isolations > 0 ? [{ by, count: isolations, until: at + isolationLease }] : []
  return { circuit: withoutInFlight({ ...circuit, isolations: 0 }), isolatedBy: [...others, ...own], by }
}

/** A circuit that nobody has used for so long is forgotten, once it holds nothing back any more. @internal */
export const timeToLive = ({ circuit: { parking, phase } }: CircuitDocument, idle: number, at: number): number => {
  const open = phase._tag === "Open" ? phase.until - at : phase._tag === "HalfOpen" ? phase.openFor : 0
  const parked = parking === undefined ? 0 : parking.asked - at
  const row = phase._tag === "Closed" && phase.row !== undefined ? phase.row.lastOpenFor : 0
  return Math.min(idle + Math.max(0, open, parked, row), longest)
}

/** A year. Where somebody asks for more, the processes know it still. */
const longest = 365 * 86_400_000
