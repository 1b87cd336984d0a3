import * as Chunk from "effect/Chunk"
import * as MutableQueue from "effect/MutableQueue"
import type { Entry } from "./rows.js"

/**
 * The rows that are not written yet. There is always room for another one: beyond the capacity the oldest is given up,
 * and counted.
 *
 * @internal
 */
export class Pending {
  dropped = 0
  private readonly rows: MutableQueue.MutableQueue<Entry>

  constructor(
    readonly capacity: number,
    private readonly lost: () => void
  ) {
    this.rows = MutableQueue.bounded(capacity)
  }

  get size(): number {
    return MutableQueue.length(this.rows)
  }

  add(entry: Entry): void {
    if (MutableQueue.isFull(this.rows)) {
      MutableQueue.poll(this.rows, undefined)
      this.drop(1)
    }
    MutableQueue.offer(this.rows, entry)
  }

  take(most: number): ReadonlyArray<Entry> {
    return Chunk.toReadonlyArray(MutableQueue.pollUpTo(this.rows, most))
  }

  drop(count: number): void {
    this.dropped += count
    for (let i = 0; i < count; i++) this.lost()
  }
}
