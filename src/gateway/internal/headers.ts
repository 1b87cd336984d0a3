/**
 * Which headers pass, in either direction. What is between two of the three stays between them: their connections, their
 * keys, their cookies.
 *
 * @internal
 */
import type { IncomingHttpHeaders } from "node:http"
import * as Redacted from "effect/Redacted"
import type { Family } from "../../http/internal/apis.js"
import { isCredential, keyHeader } from "../../http/internal/outgoing.js"
import type { HeadersSeen } from "../../http/internal/seen.js"
import { decided } from "./decided.js"
import type { Hidden } from "./hidden.js"

const ofTheConnection = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "expect",
  "host",
  "content-length",
  // Answers are read as they pass, so they come as they are.
  "accept-encoding",
  "content-encoding"
])

/** What a side says is of its connection alone, besides. Nearly always it says what becomes of the connection. */
const namedBy = (connection: string | null | undefined): ReadonlySet<string> | undefined =>
  connection === undefined || connection === null || connection === "keep-alive" || connection === "close"
    ? undefined
    : new Set(connection.split(",").map((name) => name.trim().toLowerCase()))

/** What an upstream tells its own customer, which is the gateway. */
const ofTheUpstream = new Set([
  "set-cookie",
  "alt-svc",
  "strict-transport-security",
  "openai-organization",
  "openai-project",
  "anthropic-organization-id",
  // Whose pages may ask it, and by what of a request its answers differ.
  "access-control-allow-origin",
  "access-control-allow-credentials",
  "access-control-allow-headers",
  "access-control-allow-methods",
  "access-control-expose-headers",
  "access-control-max-age",
  "vary"
])

/** In which a request says itself how its stream is to be handed on. @internal */
export const deliveryHeader = "x-effect-resilience-delivery"

/** What says by whose way a request has come. */
const ofTheWay = /^(?:x-forwarded-|x-real-ip$|forwarded$|via$|cf-)/

const passesUp = decided(
  (name) =>
    !ofTheConnection.has(name) &&
    !ofTheWay.test(name) &&
    name !== deliveryHeader &&
    (name === "idempotency-key" || !isCredential(name))
)

/** @internal */
export const toUpstream = (
  given: IncomingHttpHeaders,
  family: Family,
  own: Readonly<Record<string, string>>,
  key: Redacted.Redacted | undefined
): Record<string, string> => {
  const headers: Record<string, string> = { "accept-encoding": "identity" }
  const named = namedBy(given.connection)
  for (const name in given) {
    const value = given[name]
    if (value === undefined || !passesUp(name) || named?.has(name) === true) continue
    headers[name] = Array.isArray(value) ? value.join(", ") : value
  }
  if (key !== undefined) {
    const [name, value] = keyHeader(family, Redacted.value(key))
    headers[name] = value
  }
  return Object.assign(headers, own)
}

/** @internal */
export const toClient = (given: HeadersSeen, hidden: Hidden | undefined): Record<string, string> => {
  const headers: Record<string, string> = {}
  const named = namedBy(given.get("connection"))
  for (const [name, value] of given) {
    if (ofTheConnection.has(name) || ofTheUpstream.has(name) || named?.has(name) === true) continue
    headers[name] = hidden?.inText(value) ?? value
  }
  return headers
}
