/**
 * Finds out whether a client under the toolkit repeats failed calls on its own.
 *
 * If it does, attempts multiply: 3 of the toolkit's times 3 of the client's are 9 calls to a provider in trouble, the
 * waits of the client are not seen by the deadline's arithmetic, and a circuit breaker counts one failure for three.
 * One of the two has to stop, and the toolkit is the one that knows about the others. The OpenAI and Anthropic clients
 * and the Vercel AI SDK repeat twice unless told otherwise.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import { metricTable } from "./internal/telemetry/metricTable.js"
import { hubIn } from "./internal/telemetry/operation.js"
import { outcomeCounters } from "./internal/telemetry/outcomeCounters.js"
import { labelCapacity } from "./internal/telemetry/targetMetrics.js"
import { ResilienceEvent } from "./ResilienceEvent.js"

/**
 * What a client does on its own, and how to make it stop.
 *
 * @since 0.1.0
 * @category Models
 */
export interface ClientRetries {
  /** The client's name, such as `OpenAI`. */
  readonly client: string
  /** How often it repeats a failed call, the first attempt not included. */
  readonly maxRetries: number
  /** What to write instead. */
  readonly fix: string
}

/**
 * Reads the setting of a client object of the `openai` or `@anthropic-ai/sdk` package, of a resource of it
 * (`client.messages`), or of any other that has `maxRetries`. Nothing, if it does not repeat calls or does not say.
 *
 * Total: it never throws, whatever it is given.
 *
 * @since 0.1.0
 * @category Detection
 */
export const ofClient = (client: unknown): Option.Option<ClientRetries> =>
  Option.flatMap(settingOf(client), ({ maxRetries, name }) => found(name, maxRetries, `new ${name}({ maxRetries: 0 })`))

/**
 * Reads the options of a call of the Vercel AI SDK (`generateText`, `streamText`, `embed` and the others), which repeats
 * twice unless `maxRetries` says otherwise.
 *
 * @since 0.1.0
 * @category Detection
 */
export const ofCallOptions = (options: { readonly maxRetries?: number | undefined }): Option.Option<ClientRetries> =>
  found("Vercel AI SDK", options.maxRetries ?? vercelDefault, "generateText({ ..., maxRetries: 0 })")

const vercelDefault = 2

const found = (client: string, maxRetries: number, fix: string): Option.Option<ClientRetries> =>
  maxRetries > 0 ? Option.some({ client, maxRetries, fix }) : Option.none()

/** The setting of the client itself, or of the client that a resource belongs to. */
const settingOf = Option.liftThrowable((value: unknown): { readonly name: string; readonly maxRetries: number } => {
  for (const owner of [value, Predicate.hasProperty(value, "_client") ? value._client : undefined]) {
    if (Predicate.hasProperty(owner, "maxRetries") && Predicate.isNumber(owner.maxRetries)) {
      return { name: owner.constructor?.name || "Client", maxRetries: owner.maxRetries }
    }
  }
  throw new TypeError("no setting to read")
})

/**
 * Warns, once for each client, if it repeats calls on its own: in the log and as a `ClientRetries` event. `target` is
 * the name of the target in the event, by default the client's.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { ClientRetries } from "effect-resilience"
 *
 * declare const openai: { readonly maxRetries: number }
 *
 * const program = Effect.andThen(ClientRetries.warn(openai, "openai/gpt-5"), Effect.log("ready"))
 * ```
 *
 * @since 0.1.0
 * @category Warning
 */
export const warn = (client: unknown, target?: string): Effect.Effect<void> =>
  Effect.suspend(() => {
    if (!Predicate.isObject(client) || warned.has(client)) return Effect.void
    return Option.match(ofClient(client), {
      onNone: () => Effect.void,
      onSome: (retries) => {
        warned.add(client)
        return tell(retries, target)
      }
    })
  })

/**
 * As `warn`, for the options of a call of the Vercel AI SDK: once for each target.
 *
 * @since 0.1.0
 * @category Warning
 */
export const warnCallOptions = (
  options: { readonly maxRetries?: number | undefined },
  target: string
): Effect.Effect<void> =>
  Effect.suspend(() => {
    if (warnedTargets.has(target)) return Effect.void
    return Option.match(ofCallOptions(options), {
      onNone: () => Effect.void,
      onSome: (retries) => {
        warnedTargets.add(target)
        return tell(retries, target)
      }
    })
  })

const count = outcomeCounters(metricTable.clientRetries)

const warned = new WeakSet<object>()
const warnedTargets = new Set<string>()

const tell = ({ client, fix, maxRetries }: ClientRetries, target = client): Effect.Effect<void> =>
  Effect.gen(function* () {
    yield* Effect.logWarning(
      `${client} repeats a failed call up to ${maxRetries} times itself, which multiplies with the attempts of the retry policy; leave it to one of them: ${fix}`
    )
    const hub = hubIn(yield* Effect.context<never>())
    count(target, client, yield* labelCapacity)
    if (hub.listening()) {
      hub.publish(ResilienceEvent.ClientRetries({ at: yield* Clock.currentTimeMillis, target, client, maxRetries }))
    }
  })
