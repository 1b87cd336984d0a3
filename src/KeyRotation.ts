/**
 * Several keys of one provider, used in turn: one that is refused is set aside, one that is told to wait rests, and the
 * next is asked at once.
 *
 * This stands inside of everything else, around the request itself: for retries, the circuit and a fallback, all keys
 * together are one attempt.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import { failureOf } from "./internal/errors/failureOf.js"
import type { LlmError } from "./internal/errors/llmError.js"
import { millis, word } from "./internal/options/check.js"
import { type Names, refuseUnknown } from "./internal/options/names.js"
import { CredentialsExhausted, RateLimitExceeded, type Rejection } from "./Rejection.js"

/**
 * @since 0.1.0
 * @category Models
 */
export interface Options {
  /** Whose keys they are, for the errors. */
  readonly name: string
  readonly keys: readonly [Redacted.Redacted, ...ReadonlyArray<Redacted.Redacted>]
  /** For how long a key is set aside that was refused, or whose quota is used up until nobody knows when. Default 10 minutes. */
  readonly setAsideFor?: Duration.DurationInput | undefined
  /** For how long a key rests that was told to wait without being told how long. Default 1 minute. */
  readonly restFor?: Duration.DurationInput | undefined
}

/**
 * @since 0.1.0
 * @category Models
 */
export interface KeyRotation {
  /**
   * Makes a call with the next key that may be used, and with the one after it at once if that key is refused
   * (`AuthenticationFailed`, `PermissionDenied`), used up (`QuotaExhausted`) or told to wait (`RateLimited`). Any other
   * failure is the call's own.
   *
   * Where every key has been refused it fails with `CredentialsExhausted`, never with the last refusal. Where some only
   * rest, it fails with what the last of them was told, or with `RateLimitExceeded` if none could be asked.
   */
  readonly use: <A, E, R>(
    call: (key: Redacted.Redacted) => Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | CredentialsExhausted | RateLimitExceeded, R>
}

interface Held {
  readonly until: number
  readonly refused: boolean
}

interface State {
  /** The key that is asked next, so that the load is spread. */
  readonly next: number
  readonly held: ReadonlyMap<number, Held>
}

/**
 * Makes a rotation. What it knows of the keys is shared by all calls that use it.
 *
 * Throws a `RangeError`, as a defect, for options that make no sense.
 *
 * @example
 * ```ts
 * import { Effect, Redacted } from "effect"
 * import { KeyRotation, LlmCall, Resilience } from "effect-resilience"
 * import OpenAI from "openai"
 *
 * export const program = Effect.gen(function* () {
 *   const keys = yield* KeyRotation.make({ name: "openai", keys: [Redacted.make("sk-1"), Redacted.make("sk-2")] })
 *   const messages = [{ role: "user" as const, content: "Hello" }]
 *   return yield* keys
 *     .use((key) =>
 *       LlmCall.tryPromise({
 *         target: "openai/gpt-5",
 *         try: (signal) =>
 *           new OpenAI({ apiKey: Redacted.value(key), maxRetries: 0 }).chat.completions.create(
 *             { model: "gpt-5", messages },
 *             { signal }
 *           )
 *       })
 *     )
 *     .pipe(Resilience.protect("openai/gpt-5"))
 * })
 * ```
 *
 * @since 0.1.0
 * @category Constructors
 */
export const make = (options: Options): Effect.Effect<KeyRotation> =>
  Effect.suspend(() => {
    refuseUnknown("KeyRotation", "", options, keyRotationOptions)
    const { keys, name, restFor = "1 minute", setAsideFor = "10 minutes" } = options
    word("KeyRotation", "name", name)
    // What is no list of secrets is not shown, since it may be one.
    if (!Array.isArray(keys) || keys.length === 0 || !keys.every(Redacted.isRedacted)) {
      throw new RangeError("KeyRotation: keys has to be a list of at least one key, each made by Redacted.make")
    }
    const setAside = millis("KeyRotation", "setAsideFor", setAsideFor)
    const rest = millis("KeyRotation", "restFor", restFor)
    const hold = (failure: LlmError | Rejection, now: number): Held | undefined => {
      const told = "retryAfter" in failure && failure.retryAfter && Duration.toMillis(failure.retryAfter)
      switch (failure._tag) {
        case "AuthenticationFailed":
        case "PermissionDenied":
          return { until: now + setAside, refused: true }
        case "QuotaExhausted": {
          const { resetsAt } = failure
          return { until: resetsAt ? DateTime.toEpochMillis(resetsAt) : now + (told || setAside), refused: false }
        }
        case "RateLimited":
          return { until: now + (told || rest), refused: false }
        default:
          return undefined
      }
    }

    return Effect.map(Ref.make<State>({ next: 0, held: new Map() }), (state): KeyRotation => {
      /** The next key that may be used and that this call has not tried. */
      const take = (tried: ReadonlySet<number>, now: number): Effect.Effect<number | undefined> =>
        Ref.modify(state, ({ held, next }) => {
          for (let i = 0; i < keys.length; i++) {
            const at = (next + i) % keys.length
            if (tried.has(at) || (held.get(at)?.until ?? 0) > now) continue
            return [at, { held, next: (at + 1) % keys.length }]
          }
          return [undefined, { held, next }]
        })

      const note = (key: number, what: Held): Effect.Effect<void> =>
        Ref.update(state, ({ held, next }) => ({ held: new Map(held).set(key, what), next }))

      const exhausted = <E>(last: { readonly error: E } | undefined, now: number) =>
        Effect.flatMap(
          Ref.get(state),
          ({ held }): Effect.Effect<never, E | CredentialsExhausted | RateLimitExceeded> => {
            const all = [...held.values()].filter(({ until }) => until > now)
            const retryAfter = Duration.millis(Math.max(0, Math.min(...all.map(({ until }) => until)) - now))
            if (all.every(({ refused }) => refused)) {
              return Effect.fail(new CredentialsExhausted({ key: name, keys: keys.length, retryAfter }))
            }
            const isRefusal = last !== undefined && hold(failureOf(last.error), now)?.refused === true
            return last === undefined || isRefusal
              ? Effect.fail(new RateLimitExceeded({ key: name, retryAfter, by: "target" }))
              : Effect.fail(last.error)
          }
        )

      const use = <A, E, R>(
        call: (key: Redacted.Redacted) => Effect.Effect<A, E, R>,
        tried: ReadonlySet<number>,
        last: { readonly error: E } | undefined
      ): Effect.Effect<A, E | CredentialsExhausted | RateLimitExceeded, R> =>
        Effect.flatMap(Clock.currentTimeMillis, (now) =>
          Effect.flatMap(take(tried, now), (key) =>
            key === undefined
              ? exhausted(last, now)
              : Effect.catchAll(call(keys[key]!), (error) =>
                  Effect.flatMap(Clock.currentTimeMillis, (now) => {
                    const held = hold(failureOf(error), now)
                    if (held === undefined) return Effect.fail(error)
                    return Effect.zipRight(note(key, held), use(call, new Set([...tried, key]), { error }))
                  })
                )
          )
        )

      return { use: (call) => use(call, new Set(), undefined) }
    })
  })

const keyRotationOptions: Names<Options> = {
  name: true,
  keys: true,
  setAsideFor: true,
  restFor: true
}
