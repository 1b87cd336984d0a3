/** The toolkit's own answers. */
import { type Effect, ManagedRuntime } from "effect"
import { CircuitBreaker, LlmCall, Resilience } from "effect-resilience"

export const target = "acme/large"

export const call = (upstream: () => Promise<number>) => LlmCall.tryPromise({ target, try: () => upstream() })

export const callWithSignal = (upstream: () => Promise<number>) =>
  LlmCall.tryPromise({ target, try: (_signal) => upstream() })

/** Every policy that is not asked for is left out. */
const none = { deadline: false, attemptTimeout: false, retry: false, circuitBreaker: false } as const

export const runtime = (options: Resilience.TargetOptions) =>
  ManagedRuntime.make(Resilience.layer({ ...none, ...options }))

export const withDefaults = () => ManagedRuntime.make(Resilience.layer())

export const protect: <A, E, R>(
  self: Effect.Effect<A, E, R>
) => Effect.Effect<A, E | Resilience.Failures, R | Resilience.Resilience> = Resilience.protect(target)

/** A breaker by itself, outside of any stack. It lives as long as the process. */
export const breaker = (options?: CircuitBreaker.Options): CircuitBreaker.CircuitBreaker =>
  ManagedRuntime.make(CircuitBreaker.layerMemory(options)).runSync(CircuitBreaker.CircuitBreaker)
