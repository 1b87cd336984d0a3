/**
 * Who may ask, and how much.
 *
 * @internal
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto"
import type { IncomingHttpHeaders } from "node:http"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Bulkhead from "../../Bulkhead.js"
import { metered } from "../../internal/load/metered.js"
import { type Mistake, pathOf } from "../../internal/options/mistakes.js"
import type { RequestTooLarge } from "../../LlmError.js"
import * as RateLimit from "../../RateLimit.js"
import type { Rejection } from "../../Rejection.js"
import { budgetOf, type Prices, pricesOf } from "./budget.js"
import { InvalidConfig } from "./config/invalid.js"
import type { Config, Client as Given } from "./config/schema.js"
import { notSet, secret } from "./upstreams.js"
import type { Used } from "./used.js"

/** @internal */
export interface Client {
  readonly name: string
  readonly maySee: (model: string) => boolean
  /** Whether it matters what its calls use. */
  readonly counts: boolean
  /** Runs a call within what its client may use. */
  readonly within: <R>(
    call: Effect.Effect<void, never, R>,
    used: Used | undefined
  ) => Effect.Effect<void, Rejection | RequestTooLarge, R>
}

/** @internal */
export interface Clients {
  /** Who has sent these headers; nothing for somebody who is not known. */
  readonly of: (headers: IncomingHttpHeaders) => Client | undefined
}

const everybody: Client = { name: "", maySee: () => true, counts: false, within: (call) => call }

/** @internal */
export const clients = (config: Config): Effect.Effect<Clients, InvalidConfig, RateLimit.RateLimitStore> => {
  const { clients } = config
  return clients === undefined
    ? Effect.succeed({ of: () => everybody })
    : Effect.gen(function* () {
        const mistakes: Array<Mistake> = []
        const known: Array<KeyOf<Client>> = []
        const prices = pricesOf(config)
        for (const [at, given] of clients.entries()) {
          const key = yield* secret(given.key)
          if (key !== undefined) known.push({ key, of: yield* clientOf(given, prices) })
          else {
            mistakes.push({ path: pathOf(["clients", at, "key"]), message: notSet(given.key) })
          }
        }
        if (mistakes.length > 0) return yield* new InvalidConfig({ mistakes })
        return { of: finder(known) }
      })
}

/** @internal */
export interface KeyOf<A> {
  readonly key: Redacted.Redacted
  readonly of: A
}

/**
 * Finds whose key it is. Keys are compared by their digests, all of them every time, so that the time it takes tells
 * nothing of how much of a key was right, or whose.
 *
 * @internal
 */
export const finder = <A>(known: ReadonlyArray<KeyOf<A>>): ((headers: IncomingHttpHeaders) => A | undefined) => {
  const salt = randomBytes(32)
  const digest = (key: string): Buffer => createHmac("sha256", salt).update(key).digest()
  const digests = known.map(({ key, of }) => ({ of, digest: digest(Redacted.value(key)) }))
  return (headers) => {
    const given = digest(presented(headers))
    let found: A | undefined
    for (const { digest, of } of digests) if (timingSafeEqual(digest, given)) found = of
    return found
  }
}

/** Clients of OpenAI say who they are in one header, those of Anthropic in another. */
const presented = ({ authorization, "api-key": apiKey, "x-api-key": xApiKey }: IncomingHttpHeaders): string => {
  const bearer = authorization === undefined ? undefined : /^bearer +(.+)$/i.exec(authorization)?.[1]
  return bearer ?? String(xApiKey ?? apiKey ?? "")
}

const clientOf = (
  { budget, concurrency, models, name, requests, tokens }: Given,
  prices: Prices
): Effect.Effect<Client, never, RateLimit.RateLimitStore> =>
  Effect.gen(function* () {
    const running =
      concurrency === undefined ? undefined : yield* Bulkhead.make({ maxConcurrent: concurrency, maxQueued: 0 })
    const rate =
      requests === undefined && tokens === undefined
        ? undefined
        : yield* RateLimit.make({ requests, tokens, whenExceeded: "reject" })
    const spend = budget === undefined ? undefined : yield* budgetOf(budget, prices)
    return {
      name,
      maySee: (model) => models === undefined || models.includes(model),
      counts: tokens !== undefined || spend !== undefined,
      within: <R>(call: Effect.Effect<void, never, R>, used: Used | undefined) => {
        let within: Effect.Effect<void, Rejection | RequestTooLarge, R> = call
        if (running !== undefined) within = running.protect(within, name)
        if (rate !== undefined) within = metered(within, rate, name, () => used?.usage)
        if (used === undefined) return within
        const estimated = Effect.suspend(() => RateLimit.withEstimate(within, used.expected()))
        return spend === undefined ? estimated : spend(estimated, name, used)
      }
    } satisfies Client
  })
