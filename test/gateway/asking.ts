/**
 * A gateway in front of a misbehaving provider, and requests to it.
 */
import { Effect } from "effect"
import * as Gateway from "effect-resilience/gateway/Gateway"
import * as GatewayConfig from "effect-resilience/gateway/GatewayConfig"
import * as MisbehavingProvider from "effect-resilience/testing/MisbehavingProvider"

type Encoded = typeof GatewayConfig.schema.Encoded

/** Policies that lose no time. */
export const quick: NonNullable<Encoded["policy"]> = {
  deadline: "3 seconds",
  attemptTimeout: "400 millis",
  retry: { initialDelay: "10 millis" },
  stream: { firstToken: "300 millis", idle: "300 millis" }
}

/** `main` first and then `spare`, in both dialects, of one provider. */
export const configOf = (
  provider: Pick<MisbehavingProvider.Service, "anthropicUrl" | "openAiUrl">,
  more: Partial<Encoded> = {}
): Encoded => ({
  listen: { port: 0 },
  upstreams: {
    openai: { baseUrl: provider.openAiUrl, dialect: "openai" },
    anthropic: { baseUrl: `${provider.anthropicUrl}/v1`, dialect: "anthropic" }
  },
  routes: [
    { model: "main", targets: [{ upstream: "openai" }, { upstream: "openai", model: "spare" }] },
    { model: "main", targets: [{ upstream: "anthropic" }, { upstream: "anthropic", model: "spare" }] }
  ],
  policy: quick,
  ...more
})

export const start = (
  provider: MisbehavingProvider.Options = {},
  more: (provider: MisbehavingProvider.Service) => Partial<Encoded> = () => ({})
) =>
  Effect.gen(function* () {
    const upstream = yield* MisbehavingProvider.make(provider)
    const config = yield* GatewayConfig.decode(configOf(upstream, more(upstream)))
    const gateway = yield* Gateway.make(config)
    return { provider: upstream, gateway }
  })

export const post = (url: string, body: unknown, headers: Record<string, string> = {}) =>
  Effect.promise((signal) =>
    fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
      signal
    })
  )

export const messages = [{ role: "user", content: "Hello" }]
