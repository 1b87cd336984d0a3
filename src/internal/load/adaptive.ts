/**
 * A limit that finds itself, as a pure function of how calls ended.
 *
 * - `aimd`: `limit + 1` for each success until the first drop, `limit + 1 / limit` after it, `limit * backoff` at a drop.
 *   Source: D.-M. Chiu and R. Jain, "Analysis of the Increase and Decrease Algorithms for Congestion Avoidance in
 *   Computer Networks", 1989; the beginning is TCP's slow start (RFC 5681, 3.1).
 * - `gradient`: `limit * g + sqrt(limit)`, smoothed, where `g` is `tolerance * usual latency / latency`, from 0.5 to 1. A
 *   drop is the same as with `aimd`. Source: `Gradient2Limit` of Netflix's concurrency-limits,
 *   https://github.com/Netflix/concurrency-limits, 2018.
 *
 * Calls that were under way when the limit fell were let in by the one before it: their drops say nothing new.
 *
 * @internal
 */
export interface Settings {
  readonly algorithm: "aimd" | "gradient"
  readonly initial: number
  readonly min: number
  readonly max: number
  readonly backoff: number
  readonly tolerance: number
}

/** @internal */
export interface State {
  readonly limit: number
  /** No call has been turned away yet, so nobody knows how far away the limit is. */
  readonly searching: boolean
  readonly fellAt: number
  /** The usual latency, and how many samples it stands on. */
  readonly usual: number
  readonly samples: number
}

export type Sample =
  | {
      readonly _tag: "Success"
      /** Milliseconds: to the first token, or for one of them; what is not known says nothing. */
      readonly latency: number | undefined
      /** How many were running when it was let in, itself included. */
      readonly running: number
    }
  | { readonly _tag: "Drop"; readonly startedAt: number }

/** @internal */
export const initial = ({ initial: limit }: Settings): State => ({
  limit,
  searching: true,
  fellAt: Number.NEGATIVE_INFINITY,
  usual: 0,
  samples: 0
})

/** So many samples the usual latency stands on. */
const window = 600
/** How much of each step is taken. */
const smoothing = 0.2

const within = (limit: number, { max, min }: Settings): number => Math.max(min, Math.min(max, limit))

/** @internal */
export const step = (state: State, settings: Settings, sample: Sample, now: number): State => {
  if (sample._tag === "Drop") {
    if (sample.startedAt <= state.fellAt) return state
    return { ...state, limit: within(state.limit * settings.backoff, settings), searching: false, fellAt: now }
  }
  const measured = sample.latency === undefined ? state : learn(state, sample.latency)
  // What was not in use was not tried out.
  if (sample.running * 2 < state.limit) return measured
  return { ...measured, limit: within(grown(measured, settings, sample.latency), settings) }
}

const grown = ({ limit, searching, usual }: State, settings: Settings, latency: number | undefined): number => {
  if (settings.algorithm === "aimd") return limit + (searching ? 1 : 1 / limit)
  const gradient = latency === undefined || latency <= 0 ? 1 : (settings.tolerance * usual) / latency
  const next = limit * Math.max(0.5, Math.min(1, gradient)) + Math.sqrt(limit)
  return limit * (1 - smoothing) + next * smoothing
}

/** A mean that forgets; at first that of all samples. One that has become far too long comes down faster. */
const learn = (state: State, latency: number): State => {
  const samples = Math.min(window, state.samples + 1)
  const usual = state.usual + (latency - state.usual) / samples
  return { ...state, samples, usual: usual > 2 * latency ? usual * 0.95 : usual }
}
