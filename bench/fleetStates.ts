/**
 * The states that a fleet can be in, and what it should ask of the place where it shares its state, by formula.
 */
import { Context, Effect, Layer } from "effect"
import { CircuitBreaker, type LlmError, RateLimit, type SharedState } from "effect-resilience"

/** Each instance calls each target once a second. */
export interface Fleet {
  readonly instances: number
  readonly targets: number
}

/** In a second, of the whole fleet. What 100 instances are told is 100 messages. */
export interface Traffic {
  readonly commands: number
  readonly messages: number
}

type Protect = (key: string, call: Effect.Effect<void, LlmError.LlmError>) => Effect.Effect<void, unknown>

export class Protecting extends Context.Tag("bench/Protecting")<Protecting, Protect>() {}

type Stores = CircuitBreaker.CircuitBreakerStore | RateLimit.RateLimitStore

export interface State {
  readonly title: string
  readonly through: (fleet: Fleet) => Layer.Layer<Protecting, never, Stores>
  readonly shared?: SharedState.Options
  /** How many of a hundred calls fail. */
  readonly failing?: number
  readonly idle?: boolean
  readonly expected: (fleet: Fleet) => Traffic
  /** Of a command or a message: keys, versions and texts, without what the protocol adds. */
  readonly bytes: (fleet: Fleet) => number
  /** The same, to be read, for one target; `i` instances. */
  readonly formula: readonly [commands: string, messages: string, bytes: string]
}

const circuit = (options: CircuitBreaker.Options) => () =>
  Layer.effect(
    Protecting,
    Effect.map(
      CircuitBreaker.CircuitBreaker,
      (breaker): Protect =>
        (key, call) =>
          breaker.execute({ key })(call)
    )
  ).pipe(Layer.provide(CircuitBreaker.layer(options)), Layer.fresh)

/** A limit of so many requests a second for each instance. */
const limit =
  (perSecond: number) =>
  ({ instances }: Fleet) =>
    Layer.effect(
      Protecting,
      Effect.map(
        RateLimit.RateLimit,
        (limit): Protect =>
          (key, call) =>
            limit.protect(key)(call)
      )
    ).pipe(
      Layer.provide(
        RateLimit.layer({ requests: { limit: 60 * perSecond * instances, burst: 10 * instances }, maxWait: "1 minute" })
      ),
      Layer.fresh
    )

/** Whoever has missed what others have written since is refused once, and writes again. */
const writesTwice = ({ instances }: Fleet): number => (instances === 1 ? 1 : 2)

const nothing = (): Traffic => ({ commands: 0, messages: 0 })

/** The first call after what was told last begins the next time, half a second later. */
const counts = (seconds: number) => {
  const every = seconds + 0.5
  return {
    // All are told by one of them, and whoever comes next is not refused.
    expected: (fleet: Fleet): Traffic => ({
      commands: (fleet.targets * (writesTwice(fleet) * fleet.instances - (fleet.instances === 1 ? 0 : 1))) / every,
      messages: (fleet.targets * fleet.instances) / every
    }),
    formula: [`(2 i - 1) / ${every}`, `i / ${every}`] as const
  }
}

/**
 * So many changes of an instance in a second, of which all are told, but not again before `quiet` seconds; whoever has
 * missed one is refused once.
 */
const changes = (each: number, quiet: number) => ({
  expected: ({ instances, targets }: Fleet): Traffic => {
    const all = instances * each
    const missed = all * quiet
    return {
      commands: targets * all * (1 + ((1 - 1 / instances) * missed) / (1 + missed)),
      messages: (targets * instances * all) / (1 + missed)
    }
  },
  formula: [
    `up to ${2 * each === 2 ? 2 : (2 * each).toFixed(2)} i`,
    `i × ${each === 1 ? "" : `${each} `}i / (1 + ${Number((each * quiet).toFixed(3))} i)`
  ] as const
})

/** A failure is told to all, and so is the success that clears it; who has one in the 50 ms until then tells it too. */
const blips = (failing: number) => ({
  expected: ({ instances, targets }: Fleet): Traffic => {
    const failures = failing * instances
    return {
      commands: targets * failures * (2 + 0.1 * (instances - 1)),
      messages: (targets * instances * 2 * failures) / (1 + 0.05 * failures)
    }
  },
  formula: [`${failing} i × (2 + 0.1 (i - 1))`, `i × ${2 * failing} i / (1 + ${0.05 * failing} i)`] as const
})

/** Each looks again with the first call after a second; all are told of each probe, and of its end. */
const out = (openFor: number) => ({
  expected: ({ instances, targets }: Fleet): Traffic => ({
    commands: targets * instances * 0.68,
    messages: (targets * instances * 2) / openFor
  }),
  formula: ["0.68 i", `2 i / ${openFor}`] as const
})

const slices = (each: number, constant: number, holder: number) => ({
  expected: (fleet: Fleet): Traffic => ({
    commands: writesTwice(fleet) * fleet.instances * fleet.targets * each,
    messages: 0
  }),
  bytes: ({ instances }: Fleet): number => constant + holder * instances,
  formula: [`${2 * each} i`, "0", `${constant} + ${holder} i`] as const
})

const of = (
  { expected, formula: [commands, messages] }: Pick<State, "expected"> & { formula: readonly [string, string] },
  bytes: number,
  /** Where nobody is refused, and so answered with what there is. */
  alone = bytes
): Pick<State, "expected" | "bytes" | "formula"> => ({
  expected,
  bytes: ({ instances }) => (instances === 1 ? alone : bytes),
  formula: [commands, messages, String(bytes)]
})

const none = of({ expected: nothing, formula: ["0", "0"] }, 0)

const inARow = circuit({})
const rate = circuit({ tripPolicy: CircuitBreaker.rate() })

export const states: ReadonlyArray<State> = [
  { title: "no calls", through: rate, idle: true, ...none },
  { title: "healthy, failures in a row", through: inARow, ...none },
  { title: "healthy, a rate", through: rate, ...of(counts(10), 540, 340) },
  {
    title: 'healthy, a rate, `flushSuccessesEvery: "1 minute"`',
    through: rate,
    shared: { flushSuccessesEvery: "1 minute" },
    ...of(counts(60), 535, 340)
  },
  { title: "1 % fails, failures in a row", through: inARow, failing: 1, ...of(blips(0.01), 405, 335) },
  {
    title: '1 % fails, failures in a row, `flushEvery: "5 seconds"`',
    through: inARow,
    failing: 1,
    shared: { flushEvery: "5 seconds" },
    // Cleared before it is told, it is no news, and told as seldom as successes are.
    ...of(changes(0.01, 10), 415, 335)
  },
  { title: "10 % fail, a rate", through: rate, failing: 10, ...of(changes(1, 0.1), 520, 412) },
  {
    title: '10 % fail, a rate, `flushEvery: "10 seconds"`',
    through: rate,
    failing: 10,
    shared: { flushEvery: "10 seconds" },
    ...of(counts(10), 620, 395)
  },
  {
    title: "all targets are out",
    through: circuit({ openDuration: "30 seconds" }),
    failing: 100,
    ...of(out(30), 357, 305)
  },
  { title: "limits with room to spare", through: limit(4), ...slices(0.4, 115, 110) },
  { title: "limits that are used up", through: limit(0.5), ...slices(1, 120, 128) }
]
