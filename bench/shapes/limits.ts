import * as RateLimiter from "@effect/experimental/RateLimiter"
import Bottleneck from "bottleneck"
import { Effect, Layer, ManagedRuntime } from "effect"
import { AdaptiveLimit, Bulkhead, RateLimit, type Resilience, SpendLimit } from "effect-resilience"
import PQueue from "p-queue"
import { weigh } from "../heap.js"
import { awaited, inFiber, inRuntime, repeated } from "../loop.js"
import { measure } from "../measure.js"
import * as cockatiel from "../peers/cockatiel.js"
import * as plain from "../peers/plainEffect.js"
import * as ours from "../peers/resilience.js"
import { answers } from "../upstream.js"
import type { Shape } from "./shape.js"

const plenty = 1_000_000_000
const rate: RateLimit.Options = { requests: { limit: plenty } }
const tokens: RateLimit.Options = { ...rate, tokens: { limit: plenty * 1_000 } }
const spend: SpendLimit.Options = { limit: plenty, prices: { input: 1, output: 4 } }

/** Success through each gate that keeps load within limits, with room for all. */
export const limits: Shape = {
  title: "Success through each limit alone",
  about: "One call after the other to an async function that answers at once, and nobody has to wait.",
  unit: "time",
  run: async (effort) => {
    const bulkheadOf = cockatiel.bulkheads()
    const semaphore = Effect.unsafeMakeSemaphore(plenty)
    const places = new PQueue({ concurrency: plenty })
    const perMinute = new PQueue({ intervalCap: plenty, interval: 60_000 })
    const bottleneck = new Bottleneck({ maxConcurrent: plenty })
    const refreshed = { reservoir: plenty, reservoirRefreshAmount: plenty, reservoirRefreshInterval: 60_000 }
    const reservoir = new Bottleneck(refreshed)
    const runtimes: Array<{ readonly dispose: () => Promise<void> }> = []
    const kept = <A extends { readonly dispose: () => Promise<void> }>(runtime: A): A => {
      runtimes.push(runtime)
      return runtime
    }
    const limiter = kept(ManagedRuntime.make(Layer.provide(RateLimiter.layer, RateLimiter.layerStoreMemory)))
    const consuming = Effect.flatMap(RateLimiter.RateLimiter, (limiter) =>
      Effect.zipRight(
        limiter.consume({ key: "a", limit: plenty, window: "1 minute" }),
        plain.bareWithoutSignal(answers)
      )
    )
    const within = (options: Resilience.TargetOptions) =>
      inRuntime(kept(ours.runtime(options)))(ours.protect(ours.call(answers)))
    const bulkhead = await Effect.runPromise(Bulkhead.make({ maxConcurrent: plenty }))
    const adaptive = await Effect.runPromise(AdaptiveLimit.make())
    const stored = <A, E>(make: Effect.Effect<A, E, RateLimit.RateLimitStore>): Promise<A> =>
      Effect.runPromise(Effect.provide(make, RateLimit.layerStoreMemory()))
    const requests = await stored(RateLimit.make(rate))
    const withTokens = await stored(RateLimit.make(tokens))
    const money = await stored(SpendLimit.make(spend))
    const call = ours.call(answers)
    const measured = await measure(
      [
        { name: "bare: LlmCall.tryPromise", batch: inFiber(call) },
        { name: "bulkhead: cockatiel", batch: awaited(() => bulkheadOf.execute(answers)) },
        { name: "bulkhead: p-queue", batch: awaited(() => places.add(answers)) },
        { name: "bulkhead: bottleneck", batch: awaited(() => bottleneck.schedule(answers)), share: 0.02 },
        {
          name: "bulkhead: Effect's semaphore",
          batch: inFiber(semaphore.withPermits(1)(plain.bareWithoutSignal(answers)))
        },
        { name: "bulkhead: Bulkhead.protect", batch: inFiber(bulkhead.protect(call, "a")) },
        { name: "adaptive limit: AdaptiveLimit.protect", batch: inFiber(adaptive.protect(call, "a")) },
        { name: "rate limit: @effect/experimental's RateLimiter", batch: inRuntime(limiter)(consuming) },
        { name: "rate limit: p-queue", batch: awaited(() => perMinute.add(answers)) },
        { name: "rate limit: bottleneck", batch: awaited(() => reservoir.schedule(answers)), share: 0.02 },
        { name: "rate limit, requests: RateLimit.protect", batch: inFiber(requests.protect(call, "a")) },
        { name: "rate limit, requests and tokens: RateLimit.protect", batch: inFiber(withTokens.protect(call, "a")) },
        { name: "budget: SpendLimit.protect", batch: inFiber(money.protect(call, "a")) },
        { name: "the defaults of Resilience", batch: within({}) },
        { name: "and a bulkhead", batch: within({ bulkhead: { maxConcurrent: plenty } }) },
        { name: "and an adaptive limit", batch: within({ adaptiveLimit: {} }) },
        { name: "and a rate limit of requests and tokens", batch: within({ rateLimit: tokens }) },
        {
          name: "and a bulkhead, a rate limit, a budget and a ramp up",
          batch: within({
            bulkhead: { maxConcurrent: plenty },
            rateLimit: tokens,
            spendLimit: spend,
            rampUp: "20 seconds"
          })
        }
      ],
      2_000,
      effort
    )
    await Promise.all(runtimes.map((runtime) => runtime.dispose()))
    // Its refreshing timer would keep the process alive.
    await Promise.all([bottleneck, reservoir].map((one) => one.disconnect()))
    return measured
  }
}

/** A million reservations, each given back or settled. */
export const reservations: Shape = {
  title: "Heap left after a million reservations",
  about: "Through a bulkhead, a rate limit of requests and tokens, and a budget; the bytes are in all.",
  unit: "bytes",
  run: async (effort) => {
    const stack = ours.runtime({ bulkhead: { maxConcurrent: plenty }, rateLimit: tokens, spendLimit: spend })
    const calls = 1_000_000 * effort.scale
    const rows = await weigh(
      [
        {
          name: "effect-resilience: the defaults and all limits",
          hold: () => stack.runPromise(repeated(ours.protect(ours.call(answers)), calls))
        }
      ],
      1,
      Math.min(effort.rounds, 2)
    )
    await stack.dispose()
    return rows
  }
}
