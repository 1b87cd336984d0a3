/**
 * Who is next among those who wait: interactive callers before batch ones, who keep a share of the turns; within each of
 * the two the keys (tenants) take turns; within a key it is first come, first served.
 *
 * Every operation takes one step, but for a full line, where the longest row is looked for among the keys.
 *
 * @internal
 */
import { type Linked, LinkedList } from "./linkedList.js"

/** @internal */
export type Priority = "interactive" | "batch"

/** @internal */
export class Waiter implements Linked {
  previous: Linked | undefined = undefined
  next: Linked | undefined = undefined

  constructor(
    readonly priority: Priority,
    readonly key: string
  ) {}
}

/** The callers of one key, and its place among the keys. */
class Row<W extends Waiter> implements Linked {
  previous: Linked | undefined = undefined
  next: Linked | undefined = undefined
  readonly waiting: LinkedList<W> = new LinkedList()

  constructor(readonly key: string) {}
}

/** The callers of one priority: a ring of keys, whose first has the next turn. */
class Ring<W extends Waiter> {
  size = 0
  private readonly rows: LinkedList<Row<W>> = new LinkedList()
  private readonly byKey = new Map<string, Row<W>>()

  add(waiter: W): void {
    let row = this.byKey.get(waiter.key)
    if (row === undefined) {
      row = new Row(waiter.key)
      this.byKey.set(waiter.key, row)
      this.rows.push(row)
    }
    row.waiting.push(waiter)
    this.size++
  }

  take(): W | undefined {
    const row = this.rows.first
    const waiter = row?.waiting.first
    if (row === undefined || waiter === undefined) return undefined
    this.rows.remove(row)
    this.rows.push(row)
    this.remove(waiter)
    return waiter
  }

  remove(waiter: W): void {
    const row = this.byKey.get(waiter.key)
    if (row === undefined) return
    row.waiting.remove(waiter)
    this.size--
    if (row.waiting.size > 0) return
    this.rows.remove(row)
    this.byKey.delete(row.key)
  }

  of(key: string): number {
    return this.byKey.get(key)?.waiting.size ?? 0
  }

  /** The last one of the longest row; of several, of the one whose turn comes first. */
  lastOfLongest(): { readonly waiter: W; readonly length: number } | undefined {
    let longest: Row<W> | undefined
    for (const row of this.rows) {
      if (longest === undefined || row.waiting.size > longest.waiting.size) longest = row
    }
    const waiter = longest?.waiting.last
    return longest === undefined || waiter === undefined ? undefined : { waiter, length: longest.waiting.size }
  }
}

/** Shares are counted in millionths, so that ten of 0.1 make a whole turn. */
const turn = 1_000_000

/** @internal */
export class Line<W extends Waiter> {
  private readonly interactive: Ring<W> = new Ring()
  private readonly batch: Ring<W> = new Ring()
  private readonly share: number
  /** What batch callers have saved up of a turn while they were passed over. */
  private credit = 0

  /** `batchShare` is the part of the turns that batch callers have while interactive ones wait too, from 0 to 1. */
  constructor(batchShare: number) {
    this.share = Math.round(batchShare * turn)
  }

  get size(): number {
    return this.interactive.size + this.batch.size
  }

  add(waiter: W): void {
    this.ringOf(waiter.priority).add(waiter)
  }

  /** Leaves without a turn. */
  remove(waiter: W): void {
    this.ringOf(waiter.priority).remove(waiter)
  }

  take(): W | undefined {
    const { batch, interactive } = this
    if (batch.size === 0) {
      this.credit = 0
      return interactive.take()
    }
    if (interactive.size === 0) return batch.take()
    this.credit += this.share
    if (this.credit < turn) return interactive.take()
    this.credit -= turn
    return batch.take()
  }

  /**
   * Who has to make room in a full line for a newcomer, if anybody has to: the last batch caller for an interactive one,
   * or else the last of a key that has more callers waiting than the newcomer's key would have.
   */
  displacedBy({ key, priority }: Waiter): W | undefined {
    if (priority === "interactive" && this.batch.size > 0) return this.batch.lastOfLongest()?.waiter
    const ring = this.ringOf(priority)
    const longest = ring.lastOfLongest()
    return longest !== undefined && longest.length > ring.of(key) + 1 ? longest.waiter : undefined
  }

  private ringOf(priority: Priority): Ring<W> {
    return priority === "batch" ? this.batch : this.interactive
  }
}
