/**
 * Shared state in Redis: a hash for each key, changed by one script, which also tells the others.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import type { Cluster, Redis } from "ioredis"
import {
  type Backend,
  type Kept,
  type Listener,
  SharedStateError,
  type Swap,
  type Swapped,
  seldom,
  tolerance
} from "../../internal/shared/backend.js"

// v: the version, `<row>:<number>`; s: the state; t: when others were last told of it.

const time = `
local clock = redis.call("TIME")
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
`

const readScript = `${time}
local kept = redis.call("HMGET", KEYS[1], "v", "s")
return { kept[1] or "", kept[2] or "", now }
`

/** Without a tolerance the time is whatever it is said to be. */
const swapScript = `${time}
local expected, text, ttl, at, tolerance = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local tell, seldom, channel, name, row = ARGV[6], tonumber(ARGV[7]), ARGV[8], ARGV[9], ARGV[10]
local kept = redis.call("HMGET", KEYS[1], "v", "s", "t")
local version = kept[1] or ""
if tolerance < 0 then now = at end
if version ~= expected or (tolerance >= 0 and math.abs(now - at) > tolerance) then
  return { 0, version, kept[2] or "", now }
end
if version == "" then
  version = row .. ":1"
else
  local before, number = string.match(version, "^(.*):(%d+)$")
  version = before .. ":" .. string.format("%d", tonumber(number) + 1)
end
if ttl <= 0 then
  redis.call("DEL", KEYS[1])
else
  redis.call("HSET", KEYS[1], "v", version, "s", text)
  redis.call("PEXPIRE", KEYS[1], ttl)
end
if tell == "all" or (tell == "seldom" and now - tonumber(kept[3] or "0") >= seldom) then
  if ttl > 0 then redis.call("HSET", KEYS[1], "t", string.format("%d", now)) end
  redis.call("PUBLISH", channel, name .. "\\n" .. version .. "\\n" .. text)
end
return { 1, version, "", now }
`

/** The client with the scripts, which it sends by their hash. */
interface Scripted {
  readonly resilienceRead: (key: string) => Promise<[string, string, number]>
  readonly resilienceSwap: (
    key: string,
    ...args: ReadonlyArray<string | number>
  ) => Promise<[number, string, string, number]>
}

/** @internal */
export interface BackendOptions {
  readonly prefix: string
  /** False where time is not Redis's, but that of whoever asks: for tests on a clock of their own. */
  readonly ownTime?: boolean | undefined
}

/** After so many answers that did not come, one in a row after the other, the connection is given up. */
const mostInVain = 5

/** How often the connection that listens is looked at, in milliseconds. */
const listensEvery = 5_000

/** Of a Redis, or of a cluster: each command is about one key. @internal */
export const redisBackend = (client: Redis | Cluster, options: BackendOptions): Effect.Effect<Backend> =>
  Effect.gen(function* () {
    client.defineCommand("resilienceRead", { numberOfKeys: 1, lua: readScript, readOnly: true })
    client.defineCommand("resilienceSwap", { numberOfKeys: 1, lua: swapScript })
    const scripted = client as unknown as Scripted
    const { ownTime = true, prefix } = options
    const channel = `${prefix}told`
    const keyOf = (key: string): string => `${prefix}{${key}}`
    // A key that was lost and is made anew begins a row of its own.
    const rows = (yield* Random.nextIntBetween(0, Number.MAX_SAFE_INTEGER)).toString(36)
    let row = 0
    let inVain = 0
    // Of a connection that there is not, a command knows no more than that.
    let noConnection: string | undefined
    client.on("error", ({ message }: Error) => {
      noConnection = message
    })
    client.on("ready", () => {
      noConnection = undefined
    })

    const ask = <A>(command: () => Promise<A>): Effect.Effect<A, SharedStateError> =>
      Effect.tryPromise({
        try: command,
        catch: (cause) => {
          const { message } = cause as Error
          inVain = message === "Command timed out" ? inVain + 1 : 0
          if (inVain >= mostInVain) {
            inVain = 0
            giveUp(client)
          }
          return new SharedStateError({ message: `Redis: ${noConnection ?? message}`, cause })
        }
      })

    const kept = (version: string, text: string, now: number): Kept => {
      inVain = 0
      return { version, text: version === "" ? undefined : text, now }
    }

    return {
      read: (key) =>
        Effect.map(
          ask(() => scripted.resilienceRead(keyOf(key))),
          ([version, text, now]) => kept(version, text, now)
        ),
      swap: (key, { at, expected, tell, text, timeToLive }: Swap) =>
        Effect.map(
          ask(() =>
            scripted.resilienceSwap(
              keyOf(key),
              expected,
              text,
              Math.ceil(timeToLive),
              Math.round(at),
              ownTime ? tolerance : -1,
              tell,
              seldom,
              channel,
              key,
              `${rows}${(row++).toString(36)}`
            )
          ),
          ([done, version, text, now]): Swapped => ({ ...kept(version, text, now), done: done === 1 })
        ),
      listen: (listener) => listenOn(client, channel, listener)
    }
  })

/** A connection on which nothing comes may be none any more. */
const giveUp = (client: Redis | Cluster): void => {
  if ("isCluster" in client && client.isCluster) return
  client.disconnect(true)
}

const listenOn = (
  client: Redis | Cluster,
  channel: string,
  listener: Listener
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function* () {
    const subscriber = yield* Effect.acquireRelease(
      Effect.sync(() => client.duplicate()),
      (subscriber) => Effect.sync(() => subscriber.disconnect())
    )
    subscriber.on("error", () => {})
    subscriber.on("message", (_channel: string, message: string) => {
      const first = message.indexOf("\n")
      const second = message.indexOf("\n", first + 1)
      listener.told(message.slice(0, first), message.slice(first + 1, second), message.slice(second + 1))
    })
    const subscribe = (): void => {
      subscriber.subscribe(channel).then(listener.began, () => {})
    }
    subscriber.on("ready", subscribe)
    if (subscriber.status === "wait") void subscriber.connect().catch(() => {})
    const alive = Effect.tryPromise(() => subscriber.ping()).pipe(
      Effect.catchAll(() => Effect.sync(() => subscriber.status === "ready" && giveUp(subscriber))),
      Effect.delay(listensEvery),
      Effect.forever
    )
    yield* Effect.forkScoped(alive)
  })
