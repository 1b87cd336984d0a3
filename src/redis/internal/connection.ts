/**
 * A connection to Redis that fails at once where there is none, and is made anew in the background.
 *
 * @internal
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { Redis, type RedisOptions } from "ioredis"

/**
 * Where Redis is, and how to be let in.
 *
 * @since 0.1.0
 * @category Models
 */
export interface ConnectionOptions {
  /** Where Redis is: `redis://user:password@host:6379/0`, or `rediss://` for TLS. Default: port 6379 of this machine. */
  readonly url?: Redacted.Redacted | string | undefined
  readonly username?: string | undefined
  /** Goes before one in the URL. */
  readonly password?: Redacted.Redacted | undefined
  /** Whether the connection is encrypted, with the certificates that Node trusts. */
  readonly tls?: boolean | undefined
  /** What else `ioredis` is to be told. It goes before the defaults here. */
  readonly connection?: RedisOptions | undefined
}

/** How long a program waits for Redis when it starts. It goes on without. */
const patience = Duration.seconds(1)

/** How long it is, at most, until the connection is tried again, in milliseconds. */
const longestPause = 2_000

/** @internal */
export const connect = (options: ConnectionOptions): Effect.Effect<Redis, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { connection, password, tls, url, username } = options
    // Each process comes back at a time of its own.
    const chance = yield* Random.next
    const settings: RedisOptions = {
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      connectTimeout: 2_000,
      commandTimeout: 1_000,
      retryStrategy: (times) => Math.min(longestPause, 50 * 2 ** Math.min(times, 10)) * (0.5 + chance / 2),
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password: Redacted.value(password) }),
      ...(tls === true && { tls: {} }),
      ...connection,
      lazyConnect: true
    }
    const address = Redacted.isRedacted(url) ? Redacted.value(url) : url
    const client = yield* Effect.acquireRelease(
      Effect.sync(() => (address === undefined ? new Redis(settings) : new Redis(address as string, settings))),
      (client) => Effect.sync(() => client.disconnect())
    )
    // The command that fails tells its call. Without a listener the client would write to the console.
    client.on("error", () => {})
    yield* Effect.tryPromise(() => client.connect()).pipe(Effect.timeout(patience), Effect.ignore)
    return client
  })
