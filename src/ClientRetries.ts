/**
 * Finds out whether a client under the toolkit repeats failed calls on its own.
 *
 * If it does, attempts multiply: 3 of the toolkit's times 3 of the client's are 9 calls to a provider in trouble, the
 * waits of the client are not seen by the deadline's arithmetic, and a circuit breaker counts one failure for three.
 * One of the two has to stop, and the toolkit is the one that knows about the others. Unless told otherwise, the clients of
 * OpenAI, Anthropic and Cohere, the AWS SDK and the Vercel AI SDK repeat twice, LangChain's models six times; those of
 * Mistral, Google and Ollama do not.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import { type ClientRetries, settingInPromise, settingOf } from "./internal/clients/settings.js"
import { metricTable } from "./internal/telemetry/metricTable.js"
import { hubIn } from "./internal/telemetry/operation.js"
import { outcomeCounters } from "./internal/telemetry/outcomeCounters.js"
import { labelCapacity } from "./internal/telemetry/targetMetrics.js"
import { ResilienceEvent } from "./ResilienceEvent.js"

export type { ClientRetries } from "./internal/clients/settings.js"

/**
 * Reads the setting of a client object: of `openai`, `@anthropic-ai/sdk` (or of a resource of theirs, `client.messages`),
 * `cohere-ai`, `@mistralai/mistralai`, `@google/genai`, a chat model or embeddings of LangChain, or of any other that has
 * `maxRetries`. Nothing, if it does not repeat calls or does not say.
 *
 * A client that counts time instead of attempts (Mistral's) has as many as fit into it. The AWS SDK tells only `find`.
 *
 * Total: it never throws, whatever it is given.
 *
 * @since 0.1.0
 * @category Detection
 */
export const ofClient = (client: unknown): Option.Option<ClientRetries> => found(settingAtOnce(client))

/**
 * As `ofClient`, and asks the clients of the AWS SDK, too, which read their setting from the environment and from files.
 * It never fails: who does not answer does not say.
 *
 * @example
 * ```ts
 * import { BedrockRuntimeClient } from "@aws-sdk/client-bedrock-runtime"
 * import { Effect, Option } from "effect"
 * import { ClientRetries } from "effect-resilience"
 *
 * const program = Effect.map(
 *   ClientRetries.find(new BedrockRuntimeClient()),
 *   Option.map(({ fix }) => fix) // new BedrockRuntimeClient({ maxAttempts: 1 })
 * )
 * ```
 *
 * @since 0.1.0
 * @category Detection
 */
export const find = (client: unknown): Effect.Effect<Option.Option<ClientRetries>> =>
  Effect.suspend(() => {
    const setting = settingAtOnce(client)
    if (setting !== undefined) return Effect.succeed(found(setting))
    return Effect.map(Effect.option(Effect.tryPromise(() => settingInPromise(client))), (asked) =>
      found(Option.getOrUndefined(asked))
    )
  })

/**
 * Reads the options of a call of the Vercel AI SDK (`generateText`, `streamText`, `embed` and the others), which repeats
 * twice unless `maxRetries` says otherwise.
 *
 * @since 0.1.0
 * @category Detection
 */
export const ofCallOptions = (options: { readonly maxRetries?: number | undefined }): Option.Option<ClientRetries> =>
  found({
    client: "Vercel AI SDK",
    maxRetries: options.maxRetries ?? vercelDefault,
    fix: "generateText({ ..., maxRetries: 0 })"
  })

const vercelDefault = 2

const found = (setting: ClientRetries | undefined): Option.Option<ClientRetries> =>
  setting !== undefined && setting.maxRetries > 0 ? Option.some(setting) : Option.none()

const settingAtOnce = (client: unknown): ClientRetries | undefined => Option.getOrUndefined(readable(client))

const readable = Option.liftThrowable(settingOf)

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
    return Effect.flatMap(
      find(client),
      Option.match({
        onNone: () => Effect.void,
        onSome: (retries) => {
          // Another one may have asked meanwhile.
          if (warned.has(client)) return Effect.void
          warned.add(client)
          return tell(retries, target)
        }
      })
    )
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
