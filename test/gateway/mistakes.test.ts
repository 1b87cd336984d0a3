import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import * as GatewayConfig from "effect-resilience/gateway/GatewayConfig"

const upstreams = { a: { baseUrl: "https://a.example/v1", dialect: "openai" } }
const routes = [{ model: "m", targets: [{ upstream: "a" }] }]

it.effect("W5: a mistake that is often made is told in a sentence that says what to write", () =>
  Effect.gen(function* () {
    const told = (input: unknown) => Effect.map(Effect.flip(GatewayConfig.decode(input)), ({ message }) => message)
    expect(yield* told(null)).toBe('the configuration is null, and has to be an object with "upstreams" and "routes"')
    expect(yield* told({ upstreams: { a: { ...upstreams.a, dialect: "openia" } }, routes, delivery: "streamed" })).toBe(
      'upstreams.a.dialect is "openia", and has to be "openai" or "anthropic"\n' +
        'delivery is "streamed", and has to be "incremental" or "buffered"'
    )
    const whole = { a: { ...upstreams.a, baseUrl: "https://a.example/v1/chat/completions" } }
    expect(yield* told({ upstreams: whole, routes })).toBe(
      "upstreams.a.baseUrl ends with /chat/completions, which is added to it; it ends before that"
    )
  })
)
