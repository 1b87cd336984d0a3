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

/** Of so many processes the document knows what it has of them. One that is not among them may tell it something twice. */
const mostWriters = 8

/** Whoever isolates a circuit says so again before this time is over, in milliseconds, or has died. */
export const isolationLease = 15_000

const Document = Schema.Struct({
  circuit: CircuitSchema,
  /** Each process that isolates it. One that dies cannot take it back, so it holds for a time. */
  isolatedBy: Schema.Array(Schema.Struct({ by: Schema.String, count: Schema.Number, until: Schema.Number })),
  /**
   * Who has written it, the latest first, and the number of the write. Whoever was not answered sees by it what has arrived,
   * and tells only the rest again.
   */
  writers: Schema.optionalWith(Schema.Array(Schema.Tuple(Schema.String, Schema.Number)), { default: () => [] })
})

/** By the time of the backend. @internal */
export type CircuitDocument = typeof Document.Type

const Text = Schema.parseJson(Document)

/** @internal */
export const encodeDocument: (document: CircuitDocument) => string = Schema.encodeSync(Text)

const decode = Schema.decodeUnknownEither(Text)

/** Nothing, for what somebody else has written there. @internal */
export const decodeDocument = (text: string): CircuitDocument | undefined => Either.getOrUndefined(decode(text))

/** A circuit that nobody knows of. @internal */
export const newDocument = (policy: Policy, generation: number, at: number): CircuitDocument => ({
  circuit: withoutInFlight(initial(policy, generation, at)),
  isolatedBy: [],
  writers: []
})

/** The number of the last write of a process that is in there. @internal */
export const writtenBy = ({ writers }: CircuitDocument, writer: string): number =>
  writers.find(([name]) => name === writer)?.[1] ?? 0

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
  [writer, write]: readonly [writer: string, number: number],
  isolations: number,
  at: number
): CircuitDocument => {
  const others = before.isolatedBy.filter((one) => one.by !== by && one.until > at)
  const own = isolations > 0 ? [{ by, count: isolations, until: at + isolationLease }] : []
  return {
    circuit: withoutInFlight({ ...circuit, isolations: 0 }),
    isolatedBy: [...others, ...own],
    writers: [[writer, write] as const, ...before.writers.filter((one) => one[0] !== writer)].slice(0, mostWriters)
  }
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
