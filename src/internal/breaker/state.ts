import type * as InFlight from "./inFlight.js"
import type { TripReason } from "./tally.js"
import type { Window } from "./window.js"

/**
 * All there is to know about the circuit of one key. Plain data: it can be stored, sent and compared. All times are
 * milliseconds of the `Clock`.
 *
 * @since 0.1.0
 */
export interface Circuit {
  /** Counts the changes of phase. What was admitted in one generation has no say in another. */
  readonly generation: number
  readonly phase: Phase
  /** The target has asked to be left alone. */
  readonly parking: Parking | undefined
  /** How many hold the circuit open by hand. */
  readonly isolations: number
  /** The last failure that counted, since the circuit was made or reset. */
  readonly lastFailure: LastFailure | undefined
}

/**
 * The three states of the machine, with what each has to remember.
 *
 * @since 0.1.0
 */
export type Phase =
  | {
      readonly _tag: "Closed"
      readonly window: Window
      readonly inFlight: InFlight.InFlight | undefined
      /** The row of openings that this circuit has closed after. */
      readonly row: Row | undefined
    }
  | {
      readonly _tag: "Open"
      /** When it opened. A clock that goes back does not make the open time any longer. */
      readonly since: number
      readonly until: number
      readonly openings: number
      /** It opened for slow calls, so its probes have to be quick. */
      readonly slow: boolean
      /** Why it is open, if that is known. */
      readonly reason: Reason | undefined
    }
  | {
      readonly _tag: "HalfOpen"
      /** For how long it was open. */
      readonly openFor: number
      readonly openings: number
      readonly slow: boolean
      readonly reason: Reason | undefined
      readonly successes: number
      /** Probes abandoned since the last one that was answered. */
      readonly abandoned: number
      readonly leases: ReadonlyArray<Lease>
      readonly nextLease: number
    }

/**
 * A row of openings outlives the close that ends it for as long as the circuit was last open: a target that flaps stays
 * open longer each time.
 *
 * @since 0.1.0
 */
export interface Row {
  readonly openings: number
  readonly closedAt: number
  readonly lastOpenFor: number
}

/**
 * A target that has asked to be left alone. Nobody calls it before `until`. Where it has asked for more than a hint may
 * do to others, one caller at a time finds out from then on, until one is answered or the time it `asked` for is over.
 *
 * @since 0.1.0
 */
export interface Parking {
  readonly since: number
  readonly until: number
  readonly asked: number
  /** `until` is the date at which a quota resets, which no limit on hints makes shorter. */
  readonly stated: boolean
  /** Who finds out. */
  readonly finder: Lease | undefined
  readonly nextFinder: number
}

/**
 * The place of a running probe.
 *
 * @since 0.1.0
 */
export interface Lease {
  readonly id: number
  readonly since: number
  readonly expiresAt: number
}

/**
 * @since 0.1.0
 */
export interface LastFailure {
  /** The tag of the `LlmError`, or what the reader of the call's end has called it. */
  readonly tag: string
  readonly at: number
}

/**
 * What a call that was let through brings back when it ends.
 *
 * @since 0.1.0
 */
export interface Permit {
  readonly generation: number
  /** The place of a probe, or 0 for a call through a closed circuit. */
  readonly lease: number
  /** The place of a call that finds out whether the target still wants to be left alone, or 0. */
  readonly finder: number
  readonly startedAt: number
  /** When a stream gave its first element, or 0. */
  readonly answeredAt: number
  /** Where the call is counted while it is under way. */
  readonly slot: number
}

/**
 * How a call ended.
 *
 * @since 0.1.0
 */
export interface Result {
  readonly _tag: "Record"
  readonly permit: Permit
  readonly outcome: "Success" | "Failure" | "Ignored" | "Abandoned"
  /** For how many milliseconds the target asked to be left alone, or 0. */
  readonly retryAfter: number
  /** In how many milliseconds a quota resets whose date the target has stated, or 0. */
  readonly resetsIn: number
  /** What the failure is called. */
  readonly tag?: string | undefined
}

/**
 * What happens to a circuit besides calls that begin and end.
 *
 * @since 0.1.0
 */
export type Amendment =
  /** A stream gave its first element: from here on it is not slow, however long it lasts. */
  | { readonly _tag: "Answer"; readonly permit: Permit }
  | { readonly _tag: "Isolate" }
  | { readonly _tag: "Rejoin" }
  /** Somebody opens the circuit for so many milliseconds. */
  | { readonly _tag: "Open"; readonly openFor: number }
  | { readonly _tag: "Reset" }
  | Restore

/**
 * What a snapshot has kept of a circuit: the milliseconds it is open and parked for, from now on.
 *
 * @since 0.1.0
 */
export interface Restore {
  readonly _tag: "Restore"
  readonly openFor: number
  readonly openings: number
  readonly slow: boolean
  readonly reason: Reason | undefined
  readonly lastFailure: LastFailure | undefined
  readonly parkedFor: number
  readonly askedFor: number
  readonly stated: boolean
}

/**
 * Everything that can happen to a circuit.
 *
 * @since 0.1.0
 */
export type Input = { readonly _tag: "Admit" } | Result | Amendment

/**
 * Why a circuit opened: too many failures or slow calls, calls that were all abandoned, a probe that failed, or somebody
 * who wanted it.
 *
 * @since 0.1.0
 */
export type Reason = TripReason | "probe" | "manual"

/**
 * What a circuit had counted when it opened: the calls its trip policy looks at, or the probes since it was half-open.
 * Calls that were still running and already slow are among the slow ones.
 *
 * @since 0.1.0
 */
export interface Counts {
  readonly calls: number
  readonly failures: number
  readonly slow: number
  readonly abandoned: number
}

/**
 * A change of phase, or the beginning or end of an isolation.
 *
 * @since 0.1.0
 */
export interface Change {
  readonly at: number
  readonly from: Phase["_tag"] | "Isolated"
  readonly to: Phase["_tag"] | "Isolated"
  /** How long the circuit stays open, if that is where it goes. */
  readonly openFor: number
  readonly openings: number
  readonly reason: Reason | undefined
  /** What made it open, if calls did. */
  readonly counts: Counts | undefined
}

/**
 * What follows from an input.
 *
 * @since 0.1.0
 */
export interface Decision {
  readonly permit: Permit | undefined
  readonly rejection: Refusal | undefined
  readonly change: Change | undefined
}

/**
 * Why a call is not let through, and in how many milliseconds it could be.
 *
 * @since 0.1.0
 */
export interface Refusal {
  readonly _tag: "Open" | "HalfOpen" | "Parked" | "Isolated"
  readonly retryAfter: number
  /** Why the circuit is open. */
  readonly reason: Reason | undefined
  readonly lastFailure: LastFailure | undefined
}
