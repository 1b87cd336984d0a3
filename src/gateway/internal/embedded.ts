/**
 * The configuration of somebody who has none yet: a provider within the process that misbehaves when it is asked to.
 *
 * @internal
 */
import type * as MisbehavingProvider from "../../testing/MisbehavingProvider.js"
import { names } from "../../testing/misbehaving/FaultModels.js"
import type { schema } from "./config/schema.js"

/**
 * Each fault of the provider is a model of its own, and whatever else is asked for is asked of it too. The model
 * `embedded` always answers.
 *
 * @internal
 */
export const embedded = (provider: MisbehavingProvider.Service): typeof schema.Encoded => {
  const faults = names.flatMap((name) => [name, `${name}-once`])
  const routesTo = (upstream: string) =>
    [...faults, "*"].map((model) => ({
      model,
      targets: [{ upstream }, { upstream, model: "embedded" }] as const,
      fallbacks: true
    }))
  const [first, ...others] = [...routesTo("embedded"), ...routesTo("embedded-anthropic")]
  return {
    upstreams: {
      embedded: { baseUrl: provider.openAiUrl, dialect: "openai" },
      "embedded-anthropic": { baseUrl: `${provider.anthropicUrl}/v1`, dialect: "anthropic" }
    },
    admin: { port: 0 },
    // Whatever fault is asked for, the answer is whole.
    delivery: "buffered",
    routes: [first as NonNullable<typeof first>, ...others],
    policy: {
      attemptTimeout: "10 seconds",
      retry: { initialDelay: "100 millis" },
      stream: { firstToken: "5 seconds", idle: "5 seconds" }
    }
  }
}
