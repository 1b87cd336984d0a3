/**
 * A `fetch` that knows model APIs: retries, circuits, deadlines and fallbacks for every client that takes one.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Runtime from "effect/Runtime"
import * as Resilience from "../Resilience.js"
import { takeApart } from "./internal/clientRequest.js"
import { exchange } from "./internal/exchange.js"
import { fetchWire } from "./internal/fetchWire.js"
import { apart, compile, type Seam, type SeamOptions } from "./internal/seam.js"

export type { ModelRequest } from "./internal/modelRequest.js"
export type { Fallback } from "./internal/outgoing.js"
export type { SeamOptions } from "./internal/seam.js"

type Fetch = typeof globalThis.fetch

/**
 * What is particular to `fetch`.
 *
 * @since 0.1.0
 * @category Models
 */
export interface FetchOptions extends SeamOptions {
  /** What requests are sent with. Default: the global `fetch` at the time of the request. */
  readonly fetch?: Fetch | undefined
}

/**
 * The policies, and what is particular to this seam.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Options extends Resilience.Options, FetchOptions {}

/**
 * A `fetch`. `dispose` lets go of its policies: what is under way goes on to its end, and whoever calls afterwards gets an
 * error that says so.
 *
 * @since 0.1.0
 * @category Models
 */
export interface ResilientFetch extends Fetch {
  readonly dispose: () => Promise<void>
}

/**
 * Makes a `fetch` with policies of its own. Make it once and hand it to all clients: what they learn of a target, they
 * share.
 *
 * A request that is posted to a known model API is a call under the policies; every other one is passed on untouched.
 * The client sees what it would see without: the answer, byte for byte; when nothing helped, the last response or the
 * last error of the transport; when a circuit is open, a target parked or a limit reached, a response of 503 or 429 in
 * the words of the API, with `Retry-After` and the header `x-effect-resilience`; when the time is up, a `TimeoutError`.
 *
 * Set the client's own retries to 0; otherwise they multiply.
 *
 * @example
 * ```ts
 * import * as ResilientFetch from "effect-resilience/http/ResilientFetch"
 * import OpenAI from "openai"
 *
 * const openai = new OpenAI({
 *   apiKey: "...",
 *   maxRetries: 0,
 *   fetch: ResilientFetch.make({ deadline: "2 minutes" })
 * })
 * ```
 *
 * @since 0.1.0
 * @category Constructors
 */
export const make = (options: Options = {}): ResilientFetch => {
  const { fetch, ...rest } = options
  const { policies, seam } = apart(rest)
  const runtime = ManagedRuntime.make(Resilience.layer(policies))
  // A mistake in the options shows here, and not at the first request.
  const made = runtime.runSyncExit(runtime.runtimeEffect)
  if (Exit.isFailure(made)) throw Cause.squash(made.cause)
  const resilientFetch = resilient(fetch, compile(where, seam), made.value)
  let disposed = false
  const guarded: Fetch = (...args) =>
    disposed ? Promise.reject(new Error(`${where}: it has been disposed of`)) : resilientFetch(...args)
  const dispose = (): Promise<void> => {
    disposed = true
    return runtime.dispose()
  }
  return Object.assign(guarded, { dispose })
}

/**
 * Makes a `fetch` with the policies of the `Resilience` around it, for an application that has one already.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Resilience } from "effect-resilience"
 * import * as ResilientFetch from "effect-resilience/http/ResilientFetch"
 * import OpenAI from "openai"
 *
 * const Policies = Resilience.layer({ deadline: "2 minutes" })
 *
 * const program = Effect.gen(function* () {
 *   const fetch = yield* ResilientFetch.fromContext()
 *   return new OpenAI({ apiKey: "...", maxRetries: 0, fetch })
 * }).pipe(Effect.provide(Policies))
 * ```
 *
 * @since 0.1.0
 * @category Constructors
 */
export const fromContext = ({
  fetch,
  ...seam
}: FetchOptions = {}): Effect.Effect<Fetch, never, Resilience.Resilience> =>
  Effect.map(Effect.runtime<Resilience.Resilience>(), (runtime) => resilient(fetch, compile(where, seam), runtime))

const where = "ResilientFetch"

const resilient =
  (own: Fetch | undefined, seam: Seam, runtime: Runtime.Runtime<Resilience.Resilience>): Fetch =>
  async (input, init) => {
    const fetch = own ?? globalThis.fetch
    const taken = await takeApart(input, init, seam)
    if ("untouched" in taken) return fetch(...taken.untouched)
    const { call } = taken
    return answered(runtime, exchange(call, seam.settings(call.recognised), fetchWire(fetch, call.rest)), call.signal)
  }

/** Runs a call until it has a response or its caller has no more use for one. */
const answered = (
  runtime: Runtime.Runtime<Resilience.Resilience>,
  call: Effect.Effect<Response, unknown, Resilience.Resilience>,
  signal: AbortSignal | undefined
): Promise<Response> =>
  new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const fiber = Runtime.runFork(runtime)(call)
    const onAbort = (): void => {
      fiber.unsafeInterruptAsFork(fiber.id())
      reject(signal?.reason)
    }
    signal?.addEventListener("abort", onAbort, { once: true })
    fiber.addObserver((exit) => {
      signal?.removeEventListener("abort", onAbort)
      if (Exit.isSuccess(exit)) resolve(exit.value)
      else reject(Cause.squash(exit.cause))
    })
  })
