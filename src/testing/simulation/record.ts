/**
 * What a simulation has counted.
 */

/**
 * A number of calls or attempts, by how they ended: `Success`, `Interrupted`, `Defect`, or the tag of the failure.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Tally {
  readonly total: number
  readonly outcomes: Readonly<Record<string, number>>
}

/**
 * What happened within one interval.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Interval {
  /** When it began, in milliseconds since the beginning. */
  readonly at: number
  /** Calls and attempts that began in it, by how they ended. */
  readonly calls: Tally
  readonly attempts: Tally
}

/**
 * The result of a simulation, as data.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Result {
  readonly calls: Tally
  /** By target. */
  readonly attempts: Readonly<Record<string, Tally>>
  readonly timeline: ReadonlyArray<Interval>
  /** How long answered calls took, in milliseconds, the shortest first. */
  readonly durations: ReadonlyArray<number>
  /** Those that were told to `tokens`. */
  readonly tokens: number
  /** Calls that were answered, for each client. */
  readonly answered: ReadonlyArray<number>
}

interface Open {
  total: number
  readonly outcomes: Record<string, number>
}

const open = (): Open => ({ total: 0, outcomes: {} })

const add = (tally: Open, outcome: string): void => {
  tally.total++
  tally.outcomes[outcome] = (tally.outcomes[outcome] ?? 0) + 1
}

/** @internal */
export class Recorder {
  private readonly calls = open()
  private readonly attempts = new Map<string, Open>()
  private readonly intervals = new Map<number, { readonly calls: Open; readonly attempts: Open }>()
  private readonly durations: Array<number> = []
  private readonly answered: Array<number>
  tokens = 0

  constructor(
    clients: number,
    private readonly interval: number
  ) {
    this.answered = new Array<number>(clients).fill(0)
  }

  call(client: number, from: number, to: number, outcome: string): void {
    add(this.calls, outcome)
    add(this.at(from).calls, outcome)
    if (outcome !== "Success") return
    this.durations.push(to - from)
    this.answered[client]!++
  }

  attempt(target: string, from: number, outcome: string): void {
    const tally = this.attempts.get(target) ?? open()
    this.attempts.set(target, tally)
    add(tally, outcome)
    add(this.at(from).attempts, outcome)
  }

  private at(moment: number) {
    const number = Math.floor(moment / this.interval)
    const found = this.intervals.get(number) ?? { calls: open(), attempts: open() }
    this.intervals.set(number, found)
    return found
  }

  result(end: number): Result {
    const timeline = Array.from({ length: Math.max(1, Math.ceil(end / this.interval)) }, (_, i) => ({
      at: i * this.interval,
      ...(this.intervals.get(i) ?? { calls: open(), attempts: open() })
    }))
    return {
      calls: this.calls,
      attempts: Object.fromEntries(this.attempts),
      timeline,
      durations: this.durations.sort((a, b) => a - b),
      tokens: this.tokens,
      answered: this.answered
    }
  }
}
