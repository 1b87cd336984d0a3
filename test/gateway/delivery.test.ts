/**
 * Who decides how a stream is handed on: the request, its route, the gateway, in this order.
 */
import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Gateway from "effect-resilience/gateway/Gateway"
import * as GatewayConfig from "effect-resilience/gateway/GatewayConfig"
import * as MisbehavingProvider from "effect-resilience/testing/MisbehavingProvider"
import { Script, Step } from "effect-resilience/testing/MisbehavingProvider"
import { embedded } from "../../src/gateway/internal/embedded.js"
import { type Api, apis } from "./apis.js"
import { post, quick, start } from "./asking.js"

const [chat] = apis as [Api]
const text = "One two three four five six seven eight nine ten"
const whole = { text, model: "spare" }
const broken = { text: "One two three four five six seven ", model: "main" }

const answered = (url: string, model: string, headers: Record<string, string> = {}) =>
  Effect.gen(function* () {
    const response = yield* post(`${url}${chat.path}`, { model, ...chat.ask(true) }, headers)
    const { model: by, text } = chat.read(yield* Effect.promise(() => response.text()), true)
    return { text, model: by }
  })

it.scopedLive("a route says it before the gateway does, and a request before both; the upstream is not told", () =>
  Effect.gen(function* () {
    const options = {
      reply: { text, usage: { inputTokens: 1, outputTokens: 10 } },
      models: { main: Script.always(Step.cutBody({ after: 7 })) }
    }
    const route = (more: object) => ({
      targets: [
        { upstream: "openai", model: "main" },
        { upstream: "openai", model: "spare" }
      ] as const,
      ...more
    })
    for (const [general, expected] of [
      [{}, [broken, broken, whole]],
      [{ delivery: "buffered" }, [whole, broken, whole]]
    ] as const) {
      const { gateway, provider } = yield* start(options, () => ({
        ...general,
        policy: { ...quick, circuitBreaker: false },
        routes: [
          { model: "unsaid", ...route({}) },
          { model: "incremental", ...route({ delivery: "incremental" }) },
          { model: "buffered", ...route({ delivery: "buffered" }) }
        ]
      }))
      for (const [at, model] of ["unsaid", "incremental", "buffered"].entries()) {
        expect([model, yield* answered(gateway.url, model)]).toEqual([model, expected[at]])
        const say = (delivery: string) => answered(gateway.url, model, { "x-effect-resilience-delivery": delivery })
        expect([model, yield* say("buffered")]).toEqual([model, whole])
        expect([model, yield* say("incremental")]).toEqual([model, broken])
      }
      const told = (yield* provider.awaitSettled).flatMap(({ headers }) => Object.keys(headers))
      expect(told.filter((name) => name.startsWith("x-effect-resilience"))).toEqual([])
      const wrong = yield* post(
        `${gateway.url}${chat.path}`,
        { model: "unsaid", ...chat.ask(true) },
        { "x-effect-resilience-delivery": "at once" }
      )
      expect([wrong.status, (yield* Effect.promise(() => wrong.json())).error.message]).toEqual([
        400,
        "The header x-effect-resilience-delivery has to be incremental or buffered"
      ])
    }
  })
)

it.scopedLive("without a configuration every answer is whole, whatever fault is asked for", () =>
  Effect.gen(function* () {
    const provider = yield* MisbehavingProvider.make()
    const config = yield* GatewayConfig.decode({ ...embedded(provider), listen: { port: 0 } })
    const { url } = yield* Gateway.make(config)
    for (const api of apis) {
      const ask = (model: string) =>
        Effect.flatMap(post(`${url}${api.path}`, { model, ...api.ask(true) }), (response) =>
          Effect.map(
            Effect.promise(() => response.text()),
            (body) => api.read(body, true)
          )
        )
      const right = yield* ask("embedded")
      for (const fault of ["cut", "malformed-event", "no-end-marker", "error-in-stream"]) {
        expect([fault, yield* ask(`fault/${fault}`)]).toEqual([fault, right])
      }
    }
  })
)
