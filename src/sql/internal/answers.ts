/**
 * What an operation log can tell, as it is told.
 *
 * @internal
 */
import * as Schema from "effect/Schema"

const { NullOr, Number, String } = Schema

/**
 * All calls at a glance.
 *
 * @since 0.1.0
 * @category Models
 */
export const Summary = Schema.Struct({
  /** Processes that have written, and rows that they could not write: what is told here is then too little. */
  runs: Number,
  droppedRows: Number,
  /** The first and the last thing that happened, in milliseconds since 1970; none where nothing did. */
  from: NullOr(Number),
  to: NullOr(Number),
  /** What was asked for as one, and the calls of targets that it took. */
  operations: Number,
  calls: Number,
  succeeded: Number,
  failed: Number,
  interrupted: Number,
  attempts: Number,
  retries: Number,
  /** Calls that were started beside another one, and those of them that answered first. */
  hedges: Number,
  hedgesWon: Number,
  /** Calls that were answered by another target than the first one, which had failed or was not to be asked. */
  fallbacks: Number,
  lastAnswers: Number,
  /** Kept answers that were given fresh, and old, and calls that joined one under way. */
  cacheHits: Number,
  cacheStale: Number,
  cacheCoalesced: Number
})

/**
 * @since 0.1.0
 * @category Models
 */
export type Summary = typeof Summary.Type

/**
 * How often a provider or a target was retried.
 *
 * @since 0.1.0
 * @category Models
 */
export const Retries = Schema.Struct({
  /** The provider or the target. */
  name: String,
  calls: Number,
  attempts: Number,
  /** Retries of a call that was sent: on average, and at most. */
  averageRetries: Number,
  maxRetries: Number,
  /** Calls that were retried, and how many of those were answered in the end. */
  retried: Number,
  rescued: Number,
  /** Milliseconds that calls waited before retries, all together. */
  waited: Number
})

/**
 * @since 0.1.0
 * @category Models
 */
export type Retries = typeof Retries.Type

/**
 * How many attempts and calls failed of one tag, from `from` on.
 *
 * @since 0.1.0
 * @category Models
 */
export const Failures = Schema.Struct({
  /** The beginning of the time that is counted together, in milliseconds since 1970. */
  from: Number,
  target: String,
  tag: String,
  attempts: Number,
  calls: Number
})

/**
 * @since 0.1.0
 * @category Models
 */
export type Failures = typeof Failures.Type

/**
 * What happened to the circuit of a target.
 *
 * @since 0.1.0
 * @category Models
 */
export const Openings = Schema.Struct({
  target: String,
  opened: Number,
  closed: Number,
  /** How often it was held open by hand, and how often the target asked to be left alone. */
  isolated: Number,
  parked: Number,
  /** When it opened last, in milliseconds since 1970. */
  lastOpened: NullOr(Number),
  /** The longest time for which it was opened or parked, in milliseconds. */
  longest: NullOr(Number)
})

/**
 * @since 0.1.0
 * @category Models
 */
export type Openings = typeof Openings.Type

/**
 * How long a target takes to answer, in milliseconds. Half of its answers took at most `p50`, 19 of 20 at most `p95`.
 *
 * @since 0.1.0
 * @category Models
 */
export const Latency = Schema.Struct({
  target: String,
  answers: Number,
  p50: Number,
  p95: Number,
  max: Number,
  /** The same for the first content of streams, where there were any. */
  firstTokenP50: NullOr(Number),
  firstTokenP95: NullOr(Number)
})

/**
 * @since 0.1.0
 * @category Models
 */
export type Latency = typeof Latency.Type

/**
 * What a model has used.
 *
 * @since 0.1.0
 * @category Models
 */
export const ModelUsage = Schema.Struct({
  /** The model that answered, or else the one that was asked, or else the target. */
  model: String,
  attempts: Number,
  inputTokens: Number,
  outputTokens: Number,
  cachedInputTokens: Number,
  /** Tokens of attempts whose answer nobody got. */
  wastedTokens: Number,
  /** In the unit of the log's `prices`; none where no price was known. */
  cost: NullOr(Number),
  /** Attempts that may have used more than they have told of. With one, the numbers are what they are **at least**. */
  unknown: Number
})

/**
 * @since 0.1.0
 * @category Models
 */
export type ModelUsage = typeof ModelUsage.Type

/**
 * Answers that were not given by the target that was to be asked first.
 *
 * @since 0.1.0
 * @category Models
 */
export const Substitute = Schema.Struct({
  /** Who was to answer. */
  first: String,
  /** Who did. */
  answeredBy: String,
  /** What that was: another target, a cache, or the last answer. */
  source: Schema.Literal("target", "cache", "stale", "lastAnswer"),
  /** Why: the tag of the first one's failure, or `slow`; none for an answer that was kept. */
  because: NullOr(String),
  answers: Number
})

/**
 * @since 0.1.0
 * @category Models
 */
export type Substitute = typeof Substitute.Type
