/**
 * Times candidates beside each other. A sample is the mean of one batch of calls; the candidates take turns, so that
 * whatever slows the machine down slows all of them, and their ratios stay.
 */
import { Bench } from "tinybench"

export interface Candidate {
  readonly name: string
  /** Makes so many calls, one after the other unless the shape says otherwise. */
  readonly batch: (calls: number) => Promise<unknown>
  /** Fewer calls for one that is slow: the share of the shape's batch it makes. */
  readonly share?: number
}

export interface Measured {
  readonly name: string
  /** Nanoseconds a call: the median of the batches, and the quartiles. */
  readonly median: number
  readonly low: number
  readonly high: number
}

export interface Effort {
  /** How often each candidate gets its turn, how many batches count in one, and how many go before them. */
  readonly rounds: number
  readonly batches: number
  readonly warmup: number
  /** The factor on the number of calls in a batch. */
  readonly scale: number
  /** Milliseconds, from any beginning. */
  readonly clock: () => number
}

export const wallTime = (): number => performance.now()

export const cpuTime = (): number => {
  const { system, user } = process.cpuUsage()
  return (user + system) / 1_000
}

type Amount = Omit<Effort, "clock">

/** Many short turns: a machine that slows down for a second slows down everybody. */
export const thorough: Amount = { rounds: 30, batches: 2, warmup: 1, scale: 1 }
/** Shows that everything runs, and says nothing about times. */
export const quick: Amount = { rounds: 1, batches: 1, warmup: 0, scale: 0.01 }

/** For a shape whose batches take seconds. */
export const fewer = (effort: Effort): Effort => ({
  ...effort,
  rounds: Math.min(effort.rounds, 6),
  batches: 1,
  warmup: 0
})

const quantile = (sorted: ReadonlyArray<number>, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN

export const summary = (name: string, samples: ReadonlyArray<number>): Measured => {
  const sorted = [...samples].sort((a, b) => a - b)
  return { name, median: quantile(sorted, 0.5), low: quantile(sorted, 0.25), high: quantile(sorted, 0.75) }
}

export const measure = async (
  candidates: ReadonlyArray<Candidate>,
  calls: number,
  effort: Effort
): Promise<ReadonlyArray<Measured>> => {
  const samples = new Map<string, Array<number>>(candidates.map(({ name }) => [name, []]))
  // The first rounds warm up and are thrown away.
  const cold = effort.rounds === 1 ? 0 : Math.ceil(effort.rounds / 10)
  for (let round = -cold; round < effort.rounds; round++) {
    for (const { name, batch, share = 1 } of candidates) {
      const count = Math.max(1, Math.round(calls * effort.scale * share))
      const bench = new Bench({
        iterations: effort.batches,
        now: effort.clock,
        time: 0,
        // The code of the candidate before has to make room. No collection is forced in between: that throws away
        // compiled code too, and what is measured is then how long it takes to compile it again.
        warmup: effort.warmup > 0,
        warmupIterations: effort.warmup,
        warmupTime: 0,
        retainSamples: true,
        throws: true
      })
      bench.add(name, () => batch(count), { async: true })
      const [task] = await bench.run()
      if (round < 0 || task?.result.state !== "completed") continue
      samples.get(name)?.push(...(task.result.latency.samples ?? []).map((millis) => (millis * 1e6) / count))
    }
  }
  return candidates.map(({ name }) => summary(name, samples.get(name) ?? []))
}
