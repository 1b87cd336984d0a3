/** What something holds on the heap. Needs `node --expose-gc`. */
import { type Measured, summary } from "./measure.js"

export interface Holder {
  readonly name: string
  /** Makes so many of the things; whatever it returns is held while the heap is looked at, and given to `free`. */
  readonly hold: (count: number) => Promise<unknown>
  readonly free?: (held: unknown) => unknown
}

/** What is being weighed is reachable from here, or an optimising compiler lets go of it too early. */
let kept: unknown

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5))

/** The heap in use when nothing more can be collected. */
const settled = async (): Promise<number> => {
  let used = Number.POSITIVE_INFINITY
  for (let i = 0; i < 6; i++) {
    await turn()
    globalThis.gc?.()
    used = Math.min(used, process.memoryUsage().heapUsed)
  }
  return used
}

/** Bytes for each of the things. */
export const weigh = async (
  holders: ReadonlyArray<Holder>,
  count: number,
  rounds: number
): Promise<ReadonlyArray<Measured>> => {
  const rows: Array<Measured> = []
  for (const { name, hold, free } of holders) {
    const samples: Array<number> = []
    for (let round = 0; round <= rounds; round++) {
      const before = await settled()
      kept = await hold(count)
      const bytes = ((await settled()) - before) / count
      await free?.(kept)
      kept = undefined
      // The first round pays for code that is compiled and for caches that are filled once.
      if (round > 0 || rounds === 1) samples.push(bytes)
      if (rounds === 1) break
    }
    rows.push(summary(name, samples))
  }
  return rows
}
