/**
 * A recording as it is used.
 */
import type * as HttpClient from "@effect/platform/HttpClient"
import type * as Effect from "effect/Effect"
import type { SecretInRecording, UnrecordedRequest } from "./errors.js"

/**
 * A recording that is being made or played.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Service {
  readonly mode: "replay" | "record"
  /** For a client that takes a `fetch`, or as the `fetch` of a `ResilientFetch`. */
  readonly fetch: typeof globalThis.fetch
  /** For a client that takes an `HttpClient`, as what `transformClient` asks for. */
  readonly transform: (client: HttpClient.HttpClient) => HttpClient.HttpClient
  /** How many exchanges there are: recorded so far, or in the file. */
  readonly size: Effect.Effect<number>
  /** How many of the file have not been played. */
  readonly unplayed: Effect.Effect<number>
  /** Requests that were asked on replay and are not in the file. */
  readonly unrecorded: Effect.Effect<ReadonlyArray<UnrecordedRequest>>
  /** Writes what was recorded so far. The end of the scope does so too. On replay it does nothing. */
  readonly save: Effect.Effect<void, SecretInRecording>
}
