/**
 * Real traffic, recorded once into a file that can be read, and played again without a network: through `fetch` for the
 * vendors' clients, or through an `HttpClient`.
 *
 * Keys, organisations and cookies are removed, and a file in which something still looks like a secret is not written. On
 * replay a request that was not recorded is told with what differs from the nearest one that was.
 *
 * @since 0.1.0
 */
import * as NodeFs from "node:fs"
import * as HttpClient from "@effect/platform/HttpClient"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { UnreadableRecording } from "./recording/errors.js"
import { checked, type Options } from "./recording/options.js"
import { paceOf } from "./recording/playback.js"
import { player } from "./recording/player.js"
import { recorder } from "./recording/recorder.js"
import type { Service } from "./recording/service.js"

export { SecretInRecording, UnreadableRecording, UnrecordedRequest } from "./recording/errors.js"
export type { Options } from "./recording/options.js"
export type { Service } from "./recording/service.js"

/**
 * @since 0.1.0
 * @category Tags
 */
export class Recording extends Context.Tag("effect-resilience/testing/Recording")<Recording, Service>() {}

/**
 * Opens a recording. When its scope ends, what was recorded is written; where that is refused, or where a request was
 * asked that is not in the file, the scope's end dies with that error, so that no test passes over it.
 *
 * A request is recognised by its method, its address (of a loopback address without the port) and its body, whatever the
 * order of the fields; secrets count for nothing. Each exchange is played once, equal ones in the order in which they
 * were asked. A request that was not recorded is answered with a 400 that no client repeats, and in an `HttpClient` it is
 * a defect.
 *
 * Fails with `UnreadableRecording`.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import * as Recording from "effect-resilience/testing/Recording"
 * import OpenAI from "openai"
 *
 * export const test = Effect.gen(function* () {
 *   const recording = yield* Recording.make({ file: "test/recordings/hello.json", mode: "auto" })
 *   const openai = new OpenAI({ apiKey: process.env.OPENAI_API_KEY ?? "none", maxRetries: 0, fetch: recording.fetch })
 *   return yield* Effect.promise(() =>
 *     openai.chat.completions.create({ model: "gpt-5", messages: [{ role: "user", content: "Hello" }] })
 *   )
 * }).pipe(Effect.scoped)
 * ```
 *
 * @since 0.1.0
 * @category Constructors
 */
export const make = (options: Options): Effect.Effect<Service, UnreadableRecording, Scope.Scope> =>
  Effect.gen(function* () {
    const settings = checked(options)
    const runtime = yield* Effect.runtime<never>()
    const clock = yield* Effect.clock
    const now = (): number => clock.unsafeCurrentTimeMillis()
    const recording = settings.mode === "record" || (settings.mode === "auto" && !NodeFs.existsSync(settings.file))
    const tape = recording ? recorder(settings, now) : yield* player(settings, paceOf(settings.timing, runtime, now))
    yield* Effect.addFinalizer(() =>
      Effect.zipRight(
        Effect.orDie(tape.save),
        Effect.flatMap(tape.unrecorded, ([first]) => (first === undefined ? Effect.void : Effect.die(first)))
      )
    )
    return tape
  })

/**
 * `make` as a layer.
 *
 * @since 0.1.0
 * @category Layers
 */
export const layer = (options: Options): Layer.Layer<Recording, UnreadableRecording> =>
  Layer.scoped(Recording, make(options))

/**
 * An `HttpClient` whose traffic is recorded, or played.
 *
 * @example
 * ```ts
 * import { OpenAiClient } from "@effect/ai-openai"
 * import { FetchHttpClient } from "@effect/platform"
 * import { Layer, Redacted } from "effect"
 * import * as Recording from "effect-resilience/testing/Recording"
 *
 * export const OpenAi = OpenAiClient.layer({ apiKey: Redacted.make("none") }).pipe(
 *   Layer.provide(Recording.layerHttpClient({ file: "test/recordings/agent.json" })),
 *   Layer.provide(FetchHttpClient.layer)
 * )
 * ```
 *
 * @since 0.1.0
 * @category Layers
 */
export const layerHttpClient = (
  options: Options
): Layer.Layer<HttpClient.HttpClient, UnreadableRecording, HttpClient.HttpClient> =>
  Layer.scoped(
    HttpClient.HttpClient,
    Effect.zipWith(make(options), HttpClient.HttpClient, (recording, client) => recording.transform(client))
  )
