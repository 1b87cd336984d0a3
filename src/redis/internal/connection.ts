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
  /** Whether the connection is encrypted, with the certificates that Node trusts. Default: as the URL says. */
  readonly tls?: boolean | undefined
  /** The certificate of an authority of one's own, as PEM, which is trusted then, and no other. */
  readonly ca?: string | undefined
  /** What else `ioredis` is to be told. It goes before the defaults here. */
  readonly connection?: RedisOptions | undefined
}

/** How long a program waits for Redis when it starts. It goes on without. */
const patience = Duration.seconds(1)

/** How long it is, at most, until the connection is tried again, in milliseconds. */
const longestPause = 2_000

/**
 * Where the client goes. What stands in the URL it would take before the options, and an address that is none it would
 * show, with the password in it.
 */
const addressOf = ({ password, url, username }: ConnectionOptions) => {
  const address = Redacted.isRedacted(url) ? (Redacted.value(url) as string) : url
  const own = {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password: Redacted.value(password) })
  }
  if (address === undefined || !/^rediss?:\/\//i.test(address)) return { address, own }
  if (!URL.canParse(address)) throw new RangeError("Redis: url is no address; give redis://user:password@host:6379/0")
  const parsed = new URL(address)
  const theirs = {
    ...(parsed.username !== "" && { username: decodeURIComponent(parsed.username) }),
    ...(parsed.password !== "" && { password: decodeURIComponent(parsed.password) })
  }
  parsed.username = ""
  parsed.password = ""
  return { address: parsed.href, own: { ...theirs, ...own } }
}

/** @internal */
export const connect = (options: ConnectionOptions): Effect.Effect<Redis, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { ca, connection, tls } = options
    const { address, own } = addressOf(options)
    // Each process comes back at a time of its own.
    const chance = yield* Random.next
    const settings: RedisOptions = {
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      connectTimeout: 2_000,
      commandTimeout: 1_000,
      retryStrategy: (times) => Math.min(longestPause, 50 * 2 ** Math.min(times, 10)) * (0.5 + chance / 2),
      ...own,
      ...((tls === true || ca !== undefined) && { tls: ca === undefined ? {} : { ca } }),
      ...connection,
      lazyConnect: true
    }
    const client = yield* Effect.acquireRelease(
      Effect.sync(() => (address === undefined ? new Redis(settings) : new Redis(address, settings))),
      (client) => Effect.sync(() => client.disconnect())
    )
    // The command that fails tells its call. Without a listener the client would write to the console.
    let why = "there was no answer within a second"
    client.on("error", ({ message }: Error) => {
      why = message
    })
    yield* Effect.tryPromise(() => client.connect()).pipe(
      Effect.timeout(patience),
      Effect.catchAll(() => Effect.logWarning(`Redis cannot be used, and is tried again in the background: ${why}`))
    )
    return client
  })
