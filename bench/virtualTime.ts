/**
 * A clock for simulations of many fibers: it jumps to the next moment at which somebody wants to wake up, once everyone
 * is asleep. (`TestClock` does the same for tests, and sorts all sleepers at each step.)
 */
import { Clock, Duration, Effect } from "effect"

interface Sleeper {
  readonly at: number
  readonly order: number
  readonly wake: () => void
}

const earlier = (a: Sleeper, b: Sleeper): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)

/** A binary heap of those who sleep, the earliest on top. */
class Sleepers {
  private readonly heap: Array<Sleeper> = []
  private added = 0

  add(at: number, wake: () => void): Sleeper {
    const sleeper = { at, order: this.added++, wake }
    const { heap } = this
    let i = heap.push(sleeper) - 1
    for (let up = (i - 1) >> 1; i > 0 && earlier(sleeper, heap[up]!); up = (i - 1) >> 1) {
      heap[i] = heap[up]!
      i = up
    }
    heap[i] = sleeper
    return sleeper
  }

  next(): number | undefined {
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

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Runs `program` in virtual time from 0 until the given time, and then interrupts it. */
export const simulate = <A>(program: Effect.Effect<A>, until: Duration.DurationInput): Promise<void> =>
  simulateWith(() => program, until)

/** The same for a program that asks how many sleep: fibers, and timers that nobody has stopped. */
export const simulateWith = async <A>(
  program: (asleep: () => number) => Effect.Effect<A>,
  until: Duration.DurationInput
): Promise<void> => {
  const sleepers = new Sleepers()
  let asleep = 0
  let now = 0
  const clock: Clock.Clock = {
    [Clock.ClockTypeId]: Clock.ClockTypeId,
    unsafeCurrentTimeMillis: () => now,
    unsafeCurrentTimeNanos: () => BigInt(Math.round(now * 1_000_000)),
    currentTimeMillis: Effect.sync(() => now),
    currentTimeNanos: Effect.sync(() => BigInt(Math.round(now * 1_000_000))),
    sleep: (duration) =>
      Effect.async((resume) => {
        asleep++
        // Whoever is interrupted stays in the heap, and is awake by then.
        let wake = (): void => {
          asleep--
          resume(Effect.void)
        }
        sleepers.add(now + Duration.toMillis(duration), () => wake())
        return Effect.sync(() => {
          asleep--
          wake = () => {}
        })
      })
  }
  const fiber = Effect.runFork(
    Effect.withClock(
      program(() => asleep),
      clock
    )
  )
  const end = Duration.toMillis(Duration.decode(until))
  await settled()
  for (let next = sleepers.next(); next !== undefined && next <= end; next = sleepers.next()) {
    now = next
    while (sleepers.next() === now) sleepers.take().wake()
    await settled()
  }
  now = end
  fiber.unsafeInterruptAsFork(fiber.id())
  await settled()
}
