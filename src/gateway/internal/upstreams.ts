/**
 * The upstreams of a configuration, each with its connections and its keys.
 *
 * @internal
 */
import * as Undici from "@effect/platform-node/Undici"
import * as Config from "effect/Config"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { type Family, providers } from "../../http/internal/apis.js"
import { type Mistake, pathOf } from "../../internal/options/mistakes.js"
import * as KeyRotation from "../../KeyRotation.js"
import { InvalidConfig } from "./config/invalid.js"
import type { Config as GatewayConfig, Upstream as Given } from "./config/schema.js"
import { Hidden } from "./hidden.js"

/** @internal */
export interface Upstream {
  readonly name: string
  readonly family: Family
  /** Its provider, as the classifier knows it. */
  readonly known: string | undefined
  /** The path before that of the API. */
  readonly prefix: string
  readonly pool: Undici.Dispatcher
  /** Its key, where it has one. */
  readonly key: Redacted.Redacted | undefined
  /** Its keys, where it has several. */
  readonly keys: KeyRotation.KeyRotation | undefined
  readonly headers: Readonly<Record<string, string>>
  /** Its keys are hidden in what it has sent, since some put them into the words of a refusal. */
  readonly hidden: Hidden
}

/** @internal */
export const upstreams = (
  config: GatewayConfig
): Effect.Effect<ReadonlyMap<string, Upstream>, InvalidConfig, Scope.Scope> =>
  Effect.gen(function* () {
    const mistakes: Array<Mistake> = []
    const made = new Map<string, Upstream>()
    const connectTime = Duration.toMillis(config.bounds?.connectTime ?? "10 seconds")
    for (const [name, given] of Object.entries(config.upstreams)) {
      const keys: Array<Redacted.Redacted> = []
      for (const variable of variablesOf(given.keys)) {
        const key = yield* secret(variable)
        if (key === undefined) {
          mistakes.push({
            path: pathOf(["upstreams", name, "keys"]),
            message: notSet(variable)
          })
        } else keys.push(key)
      }
      made.set(name, yield* upstream(name, given, keys, connectTime))
    }
    if (mistakes.length > 0) return yield* new InvalidConfig({ mistakes })
    return made
  })

/** What an environment variable holds, if anything. @internal */
export const secret = (variable: string): Effect.Effect<Redacted.Redacted | undefined> =>
  Effect.map(Effect.option(Config.redacted(Config.nonEmptyString(variable))), (found) =>
    found._tag === "Some" ? found.value : undefined
  )

/** What a variable holds that has to be set. @internal */
export const secretAt = (path: string, variable: string): Effect.Effect<Redacted.Redacted, InvalidConfig> =>
  Effect.flatMap(secret(variable), (found) =>
    found === undefined ? new InvalidConfig({ mistakes: [{ path, message: notSet(variable) }] }) : Effect.succeed(found)
  )

/** @internal */
export const notSet = (variable: string): string => `names the environment variable ${variable}, which is not set`

const variablesOf = (keys: Given["keys"]): ReadonlyArray<string> =>
  keys === undefined ? [] : typeof keys === "string" ? [keys] : keys

const upstream = (
  name: string,
  { baseUrl, dialect, headers = {} }: Given,
  keys: ReadonlyArray<Redacted.Redacted>,
  connectTime: number
): Effect.Effect<Upstream, never, Scope.Scope> => {
  const url = new URL(baseUrl)
  const pool = Effect.acquireRelease(
    // Time is the policies' concern, and how many requests there are at once is that of bulkheads.
    Effect.sync(
      () =>
        new Undici.Pool(url.origin, {
          connections: null,
          pipelining: 1,
          headersTimeout: 0,
          bodyTimeout: 0,
          connect: { timeout: connectTime }
        })
    ),
    (pool) => Effect.promise(() => pool.destroy())
  )
  const [key, ...others] = keys
  const rotation =
    key === undefined || others.length === 0
      ? Effect.succeed(undefined)
      : KeyRotation.make({ name, keys: [key, ...others] })
  return Effect.zipWith(pool, rotation, (pool, rotation) => ({
    name,
    family: dialect,
    known: providers.find(([host]) => host.test(url.hostname))?.[1],
    prefix: url.pathname.replace(/\/+$/, ""),
    pool,
    key,
    keys: rotation,
    hidden: new Hidden(keys),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
  }))
}
