import { describe, expect, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { Limiter } from "../../../src/internal/load/limiter.js"
import { type Priority, Waiter } from "../../../src/internal/load/line.js"

class Numbered extends Waiter {
  constructor(
    readonly id: number,
    priority: Priority,
    key: string
  ) {
    super(priority, key)
  }
}

/** The same with arrays, in which everything is looked for anew. */
class Reference {
  running = 0
  waiting: Array<Numbered> = []
  private credit = 0
  /** The keys of each priority in the order of their turns. */
  private readonly turns: Record<Priority, Array<string>> = { interactive: [], batch: [] }

  constructor(
    public limit: number,
    private readonly maxQueued: number,
    private readonly tenths: number
  ) {}

  private of(priority: Priority, key?: string): Array<Numbered> {
    return this.waiting.filter((w) => w.priority === priority && (key === undefined || w.key === key))
  }

  private add(waiter: Numbered): void {
    const turns = this.turns[waiter.priority]
    if (!turns.includes(waiter.key)) turns.push(waiter.key)
    this.waiting.push(waiter)
  }

  remove(waiter: Numbered): void {
    this.waiting = this.waiting.filter((w) => w !== waiter)
    const { key, priority } = waiter
    if (this.of(priority, key).length === 0) this.turns[priority] = this.turns[priority].filter((k) => k !== key)
  }

  enter(): boolean {
    if (this.waiting.length > 0 || this.running >= this.limit) return false
    this.running++
    return true
  }

  join(waiter: Numbered): Numbered | "waits" | "full" {
    if (this.waiting.length < this.maxQueued) {
      this.add(waiter)
      return "waits"
    }
    const overBatch = waiter.priority === "interactive" && this.of("batch").length > 0
    const from: Priority = overBatch ? "batch" : waiter.priority
    const lengths = this.turns[from].map((key) => this.of(from, key).length)
    const longest = Math.max(0, ...lengths)
    if (!overBatch && longest <= this.of(from, waiter.key).length + 1) return "full"
    const key = this.turns[from][lengths.indexOf(longest)]!
    const displaced = this.of(from, key).at(-1)!
    this.remove(displaced)
    this.add(waiter)
    return displaced
  }

  next(): Numbered | undefined {
    if (this.running >= this.limit) return undefined
    const isBatch = this.batchTurn()
    const priority = isBatch ? "batch" : "interactive"
    const key = this.turns[priority].shift()
    if (key === undefined) return undefined
    this.turns[priority].push(key)
    const waiter = this.of(priority, key)[0]!
    this.remove(waiter)
    this.running++
    return waiter
  }

  private batchTurn(): boolean {
    if (this.of("batch").length === 0) {
      this.credit = 0
      return false
    }
    if (this.of("interactive").length === 0) return true
    this.credit += this.tenths
    if (this.credit < 10) return false
    this.credit -= 10
    return true
  }
}

const differs = (what: string, one: unknown, other: unknown): void => {
  if (one !== other) throw new Error(`${what}: ${String(one)} instead of ${String(other)}`)
}

/** What callers do, at random: come, leave, give up; and now and then the limit changes. */
const compare = (make: (limit: number, queue: number, share: number) => Limiter<Numbered>, numRuns: number): void => {
  const commands = FastCheck.array(FastCheck.nat({ max: 0xffff }), { maxLength: 40 })
  const property = FastCheck.property(
    commands,
    FastCheck.integer({ min: 1, max: 3 }),
    FastCheck.integer({ min: 0, max: 6 }),
    FastCheck.integer({ min: 0, max: 10 }),
    (commands, limit, queue, tenths) => {
      const limiter = make(limit, queue, tenths / 10)
      const reference = new Reference(limit, queue, tenths)
      const running: Array<number> = []
      let ids = 0
      const settle = () => {
        for (;;) {
          const one = limiter.next()
          const other = reference.next()
          differs("next", one?.id, other?.id)
          if (one === undefined) return
          running.push(one.id)
        }
      }
      for (const command of commands) {
        const choice = command >> 3
        switch (command & 7) {
          case 0:
          case 1:
          case 2: {
            const waiter = new Numbered(++ids, (choice & 3) === 0 ? "batch" : "interactive", String((choice >> 2) % 3))
            const entered = limiter.enter()
            differs("enter", entered, reference.enter())
            if (entered) running.push(waiter.id)
            else {
              const joined = limiter.join(waiter)
              const expected = reference.join(waiter)
              differs(
                "join",
                joined._tag === "Full" ? "full" : (joined.displaced?.id ?? "waits"),
                typeof expected === "string" ? expected : expected.id
              )
            }
            break
          }
          case 3:
          case 4:
          case 5:
            if (running.length === 0) break
            running.splice(choice % running.length, 1)
            limiter.leave()
            reference.running--
            break
          case 6: {
            const waiter = reference.waiting[choice % Math.max(1, reference.waiting.length)]
            if (waiter === undefined) break
            limiter.abandon(waiter)
            reference.remove(waiter)
            break
          }
          default:
            limiter.limit = 1 + (choice % 4)
            reference.limit = limiter.limit
        }
        settle()
        differs("running", limiter.running, running.length)
        differs("queued", limiter.queued, reference.waiting.length)
      }
      while (running.pop() !== undefined) {
        limiter.leave()
        reference.running--
        settle()
      }
      differs("at rest", limiter.running + limiter.queued, 0)
    }
  )
  FastCheck.assert(property, { numRuns, seed: 13 })
}

describe("who may run, and who waits", () => {
  it("L1, L6: 10 000 sequences differ in nothing from a list that is looked through", () => {
    compare((limit, queue, share) => new Limiter(limit, queue, share), 10_000)
  })

  class LosesPermits extends Limiter<Numbered> {
    override leave(): void {
      if (this.queued !== 1) super.leave()
    }
  }
  class Overtakes extends Limiter<Numbered> {
    override enter(): boolean {
      if (this.running >= this.limit) return false
      this.running++
      return true
    }
    override next(): Numbered | undefined {
      return this.running + 1 >= this.limit && this.limit > 1 ? undefined : super.next()
    }
  }
  class KeepsThoseWhoLeft extends Limiter<Numbered> {
    override abandon(): void {}
  }
  class Starves extends Limiter<Numbered> {
    constructor(limit: number, queue: number) {
      super(limit, queue, 0)
    }
  }

  it.each([
    ["a lost permit", LosesPermits],
    ["overtaking", Overtakes],
    ["a caller that left and stays", KeepsThoseWhoLeft],
    ["batch callers without their share", Starves]
  ])("finds %s", (_, Planted) => {
    expect(() => compare((limit, queue, share) => new Planted(limit, queue, share), 10_000)).toThrow()
  })
})
