/**
 * How much a fleet asks of the place where it shares its state: counted in virtual time for small fleets, and for large
 * ones computed by formulas that are held to what was counted.
 *
 *   npm run docs:fleet     writes the tables into docs/fleet.md
 */
import { fileURLToPath } from "node:url"
import { Context, Effect, Layer, Random } from "effect"
import { LlmError, SharedState } from "effect-resilience"
import * as Simulation from "effect-resilience/testing/Simulation"
import { type Fleet, Protecting, type State, states, type Traffic } from "./fleetStates.js"
import { writeSection } from "./section.js"
import { table } from "./table.js"

export interface Counted extends Traffic {
  readonly bytes: number
}

/** All have begun within a minute, and have told what they do once; then four times, of a minute each, are counted. */
const warmUp = 2 * 60.5
const seconds = 4 * 60.5

const range = (length: number): ReadonlyArray<number> => Array.from({ length }, (_, i) => i)

/** A place to share in memory that takes a millisecond to answer, and counts what it is sent and what it sends. */
const counting = (memory: SharedState.Backend, counts: { -readonly [name in keyof Counted]: number }) => {
  const ask = <A extends SharedState.Kept, E>(sent: number, command: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.tap(Effect.delay(command, 1), ({ text, version }) =>
      Effect.sync(() => {
        counts.commands++
        counts.bytes += sent + version.length + (text?.length ?? 0)
      })
    )
  return {
    read: (key: string) => ask(key.length, memory.read(key)),
    swap: (key: string, swap: SharedState.Swap) =>
      ask(key.length + swap.expected.length + swap.text.length, memory.swap(key, swap)),
    listen: (listener: SharedState.Listener) =>
      memory.listen({
        ...listener,
        told: (key, version, text) => {
          counts.messages++
          counts.bytes += key.length + version.length + text.length
          listener.told(key, version, text)
        }
      })
  }
}

/** What an instance of the library really sends, all of them together, in a second. */
export const count = async (state: State, fleet: Fleet): Promise<Counted> => {
  const counts = { commands: 0, messages: 0, bytes: 0 }
  const call = Effect.flatMap(Random.next, (chance) =>
    chance * 100 < (state.failing ?? 0) ? Effect.fail(new LlmError.ServerError({ status: 500 })) : Effect.void
  )
  const instance = (backend: SharedState.Backend) =>
    Effect.gen(function* () {
      const shared = Layer.fresh(SharedState.layer(Effect.succeed(backend), state.shared))
      const protect = Context.get(yield* Layer.build(Layer.provide(state.through(fleet), shared)), Protecting)
      yield* Simulation.pause(0, 60_000)
      if (state.idle === true) return yield* Effect.never
      const once = (target: number) =>
        Effect.zipRight(Effect.ignore(protect(`target ${target}`, call)), Simulation.pause(500, 1_500))
      yield* Effect.forEach(range(fleet.targets), (target) => Effect.forever(once(target)), {
        concurrency: "unbounded",
        discard: true
      })
    })
  const program = Effect.gen(function* () {
    const backend = counting(yield* SharedState.makeMemoryBackend, counts)
    for (const i of range(fleet.instances)) {
      yield* Effect.forkScoped(Effect.withRandom(Effect.scoped(instance(backend)), Random.make(i)))
    }
    yield* Effect.sleep(warmUp * 1_000)
    const before = { ...counts }
    yield* Effect.sleep(seconds * 1_000)
    return {
      commands: (counts.commands - before.commands) / seconds,
      messages: (counts.messages - before.messages) / seconds,
      bytes: (counts.bytes - before.bytes) / seconds
    }
  })
  const end = (warmUp + seconds + 1) * 1_000
  const counted = await Effect.runPromise(Simulation.virtually(Effect.scoped(program), end))
  if (counted === undefined) throw new Error("The fleet has not come to its end")
  return counted
}

/** How far what was counted is from the formula, as a part of the latter. */
export const isOff = (state: State, fleet: Fleet, { bytes, commands, messages }: Counted): number => {
  const expected = state.expected(fleet)
  const off = (value: number, by: number): number => (by === 0 ? value : Math.abs(value / by - 1))
  const size = bytes / Math.max(1e-9, commands + messages)
  return Math.max(off(commands, expected.commands), off(messages, expected.messages), off(size, state.bytes(fleet)))
}

const counted: ReadonlyArray<Fleet> = [
  { instances: 1, targets: 100 },
  { instances: 4, targets: 10 },
  { instances: 16, targets: 10 }
]

/** Too many to be counted one after the other, and one so that large fleets are held to the formula as well. */
const widest: Fleet = { instances: 64, targets: 1 }

const computed: ReadonlyArray<Fleet> = [
  { instances: 100, targets: 100 },
  { instances: 1_000, targets: 1_000 }
]

const short = (value: number): string => {
  if (value === 0) return "0"
  const [unit, name] = value >= 999_500 ? ([1e6, " M"] as const) : value >= 9_995 ? ([1e3, " k"] as const) : [1, ""]
  return `${Number((value / unit).toPrecision(2))
    .toLocaleString("en")
    .replace(/,/g, " ")}${name}`
}

const cell = ({ commands, messages }: Traffic): string =>
  commands + messages === 0 ? "none" : `${short(commands)}, ${short(messages)}`

export const traffic = (rows: ReadonlyArray<readonly [State, ReadonlyArray<Counted>]>): string =>
  table([
    [
      "commands, messages",
      ...[...counted, widest, ...computed].map((fleet) => `${short(fleet.instances)} × ${short(fleet.targets)}`),
      "MB/s"
    ],
    ...rows.map(([state, cells]) => {
      const largest = computed.map((fleet) => state.expected(fleet))
      const most = largest.at(-1)!
      const bytes = (most.commands + most.messages) * state.bytes(computed.at(-1)!)
      return [state.title, ...cells.map(cell), ...largest.map(cell), short(bytes / 1e6)]
    })
  ])

export const formulas = (): string =>
  table([
    ["for one target", "commands", "messages", "bytes of one"],
    ...states.map(({ formula, title }) => [title, ...formula])
  ])

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const rows: Array<readonly [State, ReadonlyArray<Counted>]> = []
  let worst = 0
  for (const state of states) {
    const cells: Array<Counted> = []
    for (const fleet of [...counted, widest]) {
      const cell = await count(state, fleet)
      const off = isOff(state, fleet, cell)
      worst = Math.max(worst, off)
      console.log(`${state.title}, ${fleet.instances} × ${fleet.targets}: off by ${(off * 100).toFixed(0)} %`)
      cells.push(cell)
    }
    rows.push([state, cells])
  }
  writeSection("docs/fleet.md", "traffic", traffic(rows))
  writeSection("docs/fleet.md", "traffic-formulas", formulas())
  console.log(`\n${traffic(rows)}\n\n${formulas()}\n\noff by at most ${(worst * 100).toFixed(0)} %`)
}
