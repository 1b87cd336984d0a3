/**
 * The gateway that all of it is sent to: its bounds are soon reached, and its clients have limits, for which bodies are read.
 */
import type * as GatewayConfig from "effect-resilience/gateway/GatewayConfig"

export const clientKey = "key-of-somebody-known"
export const operatorKey = "key-of-the-operator"

/** What the environment of the gateway holds. */
export const environment: ReadonlyMap<string, string> = new Map([
  ["HOSTILE_CLIENT", clientKey],
  ["HOSTILE_ADMIN", operatorKey]
])

export const bounded: Pick<typeof GatewayConfig.schema.Encoded, "admin" | "bounds" | "clients" | "routes"> = {
  bounds: {
    bodyBytes: 100_000,
    bodyTime: "3 seconds",
    headerBytes: 16_000,
    headerTime: "2 seconds",
    idleTime: "1 second",
    takeTime: "500 millis"
  },
  clients: [{ name: "known", key: "HOSTILE_CLIENT", tokens: { limit: 1_000_000_000 } }],
  admin: { key: "HOSTILE_ADMIN" },
  routes: [
    { model: "main", fallbacks: ["who"], targets: [{ upstream: "openai", capabilities: ["tools"] }] },
    { model: "main", targets: [{ upstream: "anthropic" }] },
    { model: "*a*b*c", targets: [{ upstream: "openai" }] }
  ]
}
