/**
 * What two looks at a circuit say about what has become of it in between.
 *
 * @internal
 */
import type { Change, Circuit, Restore } from "../breaker/state.js"
import { snapshotOf } from "../breaker/views.js"
import { numberOf, rowOf, type Swap } from "./backend.js"
import type { CircuitDocument } from "./circuitDocument.js"

const stateOf = ({ isolations, phase }: Circuit): Change["from"] => (isolations > 0 ? "Isolated" : phase._tag)

/** As somebody sees it who only sees the two. @internal */
export const changeBetween = (before: Circuit, after: Circuit, now: number): Change | undefined => {
  const from = stateOf(before)
  const to = stateOf(after)
  if (from === to) return undefined
  const { phase } = after
  const open = to === "Open" && phase._tag === "Open" ? phase : undefined
  return {
    at: now,
    from,
    to,
    openFor: open === undefined ? 0 : Math.max(0, open.until - now),
    openings: open?.openings ?? 0,
    reason: open?.reason,
    counts: undefined
  }
}

/** A result that leaves everything as it was, but for how long calls are under way. @internal */
export const isAsBefore = (before: Circuit, after: Circuit): boolean =>
  before === after ||
  (before.generation === after.generation &&
    before.parking === after.parking &&
    before.lastFailure === after.lastFailure &&
    before.phase._tag === "Closed" &&
    after.phase._tag === "Closed" &&
    before.phase.window === after.phase.window)

/** A circuit that another success says nothing new about. @internal */
export const isClean = ({ phase }: Pick<Circuit, "phase">): boolean => {
  if (phase._tag !== "Closed") return false
  const { abandoned, failures, slow } = phase.window
  return failures === 0 && slow === 0 && abandoned === 0
}

/**
 * Who is told. What is no news is told by one for all, unless all were told just before, and is otherwise found by whoever
 * has something to tell itself: were everything told to all, twice as many processes would be four times as many messages.
 *
 * @internal
 */
export const tellOf = (before: CircuitDocument, after: CircuitDocument, wasTold: boolean): Swap["tell"] => {
  if (isNews(before, after)) return "all"
  return wasTold ? "nobody" : "seldom"
}

/**
 * Whether others have to know at once. How much was counted is no news; that there is something to be counted is, since
 * their successes count from then on.
 */
const isNews = (before: CircuitDocument, after: CircuitDocument): boolean =>
  before.circuit.generation !== after.circuit.generation ||
  isClean(before.circuit) !== isClean(after.circuit) ||
  before.circuit.parking !== after.circuit.parking ||
  after.circuit.phase._tag !== "Closed" ||
  before.isolatedBy.length > 0 ||
  after.isolatedBy.length > 0

/** Whether a version may have come from the other one. @internal */
export const isNewer = (version: string, than: string): boolean =>
  rowOf(version) !== rowOf(than) || numberOf(version) > numberOf(than)

/** Whether nothing between the two is lost. @internal */
export const follows = (version: string, before: string): boolean =>
  rowOf(version) === rowOf(before) && numberOf(version) >= numberOf(before)

/** What somebody who knows a circuit tells of it where all is lost. Nothing, of one that holds nobody back. @internal */
export const toRestore = (key: string, circuit: Circuit, now: number): Restore | undefined => {
  const [kept] = snapshotOf([[key, circuit]], now).circuits
  if (kept === undefined) return undefined
  const { askedFor, consecutiveOpenings, lastFailure, openFor, parkedFor, reason, slow, stated } = kept
  return {
    _tag: "Restore",
    openFor,
    openings: consecutiveOpenings,
    slow: slow === true,
    reason,
    lastFailure,
    parkedFor,
    askedFor: askedFor ?? 0,
    stated: stated === true
  }
}

/** Milliseconds that make no difference worth telling. */
const nearly = 1_000

/** Whether a circuit holds others back for as long as another one does, or nearly. @internal */
export const holdsAsLong = (circuit: Circuit, as: Circuit): boolean => {
  const parked = (circuit.parking?.asked ?? 0) >= (as.parking?.asked ?? 0) - nearly
  if (!parked || as.phase._tag === "Closed") return parked
  if (circuit.phase._tag === "Closed") return false
  return (
    as.phase._tag === "HalfOpen" || circuit.phase._tag === "HalfOpen" || circuit.phase.until >= as.phase.until - nearly
  )
}
