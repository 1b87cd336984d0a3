/**
 * Those who sleep, the earliest on top: a binary heap, in which adding and taking cost the logarithm of their number.
 */

/** @internal */
export interface Sleeper {
  readonly at: number
  readonly order: number
  /** `undefined` once it has been interrupted. */
  wake: (() => void) | undefined
}

const earlier = (a: Sleeper, b: Sleeper): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)

/** @internal */
export class Sleepers {
  private readonly heap: Array<Sleeper> = []
  private added = 0

  add(at: number, wake: () => void): Sleeper {
    const sleeper: Sleeper = { at, order: this.added++, wake }
    const { heap } = this
    let i = heap.push(sleeper) - 1
    for (let up = (i - 1) >> 1; i > 0 && earlier(sleeper, heap[up]!); up = (i - 1) >> 1) {
      heap[i] = heap[up]!
      i = up
    }
    heap[i] = sleeper
    return sleeper
  }

  /** When the next one wakes up. Nobody wakes up for those who were interrupted. */
  next(): number | undefined {
    while (this.heap.length > 0 && this.heap[0]!.wake === undefined) this.take()
    return this.heap[0]?.at
  }

  take(): Sleeper {
    const { heap } = this
    const top = heap[0]!
    const last = heap.pop()!
    if (heap.length === 0) return top
    let i = 0
    for (let down = 1; down < heap.length; down = 2 * i + 1) {
      if (down + 1 < heap.length && earlier(heap[down + 1]!, heap[down]!)) down++
      if (earlier(last, heap[down]!)) break
      heap[i] = heap[down]!
      i = down
    }
    heap[i] = last
    return top
  }
}
