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
import { invalid, number } from "../internal/options/check.js"
import * as Resilience from "../Resilience.js"
import { takeApart } from "./internal/clientRequest.js"
import { exchange, type Settings } from "./internal/exchange.js"
import { fetchWire } from "./internal/fetchWire.js"
import { type ModelRequest, targetOf } from "./internal/modelRequest.js"
import type { Fallback } from "./internal/outgoing.js"

export type { ModelRequest } from "./internal/modelRequest.js"
export type { Fallback } from "./internal/outgoing.js"

type Fetch = typeof globalThis.fetch

/**
 * What is particular to this seam.
 *
 * @since 0.1.0
 * @category Models
 */
export interface SeamOptions {
  /** What requests are sent with. Default: the global `fetch` at the time of the request. */
  readonly fetch?: Fetch | undefined
  /**
   * The name of the target that a request is for, or `undefined` to let it pass untouched. Default: the provider (the
   * host, where it is none of the known ones) and the model, as in `"openai/gpt-5"`.
   */
  readonly target?: ((request: ModelRequest) => string | undefined) | undefined
  /** Where a request goes when its own target cannot answer, in order. All speak the wire format of the request. */
  readonly fallbacks?: ReadonlyArray<Fallback> | ((request: ModelRequest) => ReadonlyArray<Fallback>) | undefined
  /**
   * What happens to a streamed answer that breaks off: with `incremental` (the default) the body ends with an error once
   * content has passed; `buffered` holds the answer back until it is whole, and can still ask again.
   */
  readonly delivery?: "incremental" | "buffered" | undefined
  /** How many bytes of a streamed answer may be held back for its first content. Default 262 144. */
  readonly preambleBytes?: number | undefined
  /**
   * How many bytes of a request body that can be read once only are kept, so that it may be sent again. A longer one is
   * sent once. Default 1 048 576.
   */
  readonly bodyBytes?: number | undefined
}

/**
 * The policies, and what is particular to this seam.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Options extends Resilience.Options, SeamOptions {}

/**
 * A `fetch`. `dispose` lets go of its policies; afterwards it must not be called.
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
  const { bodyBytes, delivery, fallbacks, fetch, preambleBytes, target, ...policies } = options
  const runtime = ManagedRuntime.make(Resilience.layer(policies))
  const seam = compile({ bodyBytes, delivery, fallbacks, fetch, preambleBytes, target })
  // A mistake in the options shows here, and not at the first request.
  const made = runtime.runSyncExit(runtime.runtimeEffect)
  if (Exit.isFailure(made)) throw Cause.squash(made.cause)
  return Object.assign(resilient(seam, made.value), { dispose: () => runtime.dispose() })
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
export const fromContext = (options: SeamOptions = {}): Effect.Effect<Fetch, never, Resilience.Resilience> =>
  Effect.map(Effect.runtime<Resilience.Resilience>(), (runtime) => resilient(compile(options), runtime))

interface Seam extends Omit<Settings, "fallbacks"> {
  readonly fetch: Fetch | undefined
  readonly target: (request: ModelRequest) => string | undefined
  readonly fallbacks: (request: ModelRequest) => ReadonlyArray<Fallback>
  readonly bodyBytes: number
}

const where = "ResilientFetch"

const compile = (options: SeamOptions): Seam => {
  const { delivery = "incremental", fallbacks = [], target = targetOf } = options
  if (delivery !== "incremental" && delivery !== "buffered") {
    throw invalid(where, "delivery", delivery, "incremental or buffered")
  }
  if (typeof target !== "function") throw invalid(where, "target", target, "a function")
  return {
    fetch: options.fetch,
    target,
    delivery,
    fallbacks: typeof fallbacks === "function" ? fallbacks : () => fallbacks,
    preambleBytes: number(where, "preambleBytes", options.preambleBytes ?? 262_144, 0),
    bodyBytes: number(where, "bodyBytes", options.bodyBytes ?? 1_048_576, 0)
  }
}

const resilient =
  (seam: Seam, runtime: Runtime.Runtime<Resilience.Resilience>): Fetch =>
  async (input, init) => {
    const fetch = seam.fetch ?? globalThis.fetch
    const taken = await takeApart(input, init, seam)
    if ("untouched" in taken) return fetch(...taken.untouched)
    const { call } = taken
    const settings = { ...seam, fallbacks: seam.fallbacks(call.recognised) }
    return answered(runtime, exchange(call, settings, fetchWire(fetch, call.rest)), call.signal)
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
