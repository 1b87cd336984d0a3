/**
 * A request as it is sent: to where the client wanted it to go, or to another target of the same wire format.
 *
 * @internal
 */
import * as Redacted from "effect/Redacted"
import type { Family } from "./apis.js"
import type { Recognised } from "./modelRequest.js"

/** @internal */
export interface Outgoing {
  readonly url: string
  readonly method: string
  readonly headers: Headers
  readonly body: BodyInit | null
}

/**
 * Another place that speaks the same wire format.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Fallback {
  /** The target's name, for the policies. */
  readonly name: string
  /** In place of the client's own base URL: `"https://api.groq.com/openai/v1"`. */
  readonly baseUrl?: string | undefined
  /** Its own key, sent as its wire format wants it. Nothing of the client's own credentials is ever sent to it. */
  readonly apiKey?: Redacted.Redacted<string> | string | undefined
  /** In place of the client's model, in the body or in the path. */
  readonly model?: string | undefined
  /** Headers of its own. */
  readonly headers?: Readonly<Record<string, string | Redacted.Redacted<string>>> | undefined
  /** As in `Fallback.Target`: who may help with a prompt that was too long for another. In tokens. */
  readonly contextWindow?: number | undefined
  /** As in `Fallback.Target`: what it can do, for `walk.needs`. */
  readonly capabilities?: ReadonlyArray<string> | undefined
}

/** What tells a provider who asks. None of it goes to anybody else. */
const credentials = [
  /^(?:authorization|proxy-authorization|cookie|api-key|x-api-key|x-goog-api-key|ocp-apim-subscription-key)$/,
  /^(?:openai-organization|openai-project|x-goog-user-project|chatgpt-account-id|cf-aig-authorization)$/,
  /^(?:x-portkey-|x-litellm-|helicone-|x-amz-)/,
  /(?:^|-)(?:token|secret|key|auth|credential|signature)s?$/
]

/** It is named as a secret is, and says only that attempts are at one and the same. */
const idempotencyKey = /^(?:x-)?idempotency-key$/

/** @internal */
export const isCredential = (header: string): boolean =>
  !idempotencyKey.test(header) && credentials.some((pattern) => pattern.test(header))

/** Parameters of the address that are one. */
const secretParameters = ["key", "api_key", "api-key", "apikey", "token", "access_token", "code", "sig"]

/** The same request for another target. @internal */
export const aimedAt = (asked: Recognised, outgoing: Outgoing, target: Fallback): Outgoing => {
  const headers = new Headers()
  outgoing.headers.forEach((value, name) => {
    if (!isCredential(name) && name !== "content-length") headers.set(name, value)
  })
  const url = new URL(`${(target.baseUrl ?? asked.base).replace(/\/+$/, "")}${pathOf(asked, target.model)}`)
  for (const [name, value] of asked.url.searchParams) {
    if (!secretParameters.includes(name.toLowerCase())) url.searchParams.append(name, value)
  }
  if (target.apiKey !== undefined) headers.set(...keyHeader(asked.family, plain(target.apiKey)))
  for (const [name, value] of Object.entries(target.headers ?? {})) headers.set(name, plain(value))
  return { url: url.href, method: outgoing.method, headers, body: bodyFor(asked, outgoing, target.model) }
}

const pathOf = ({ api, url }: Recognised, model: string | undefined): string => {
  const path = url.pathname.slice(url.pathname.search(api.path))
  return model === undefined
    ? path
    : path.replace(/(\/(?:models|model)\/)[^/:]+/, (_, prefix) => `${prefix}${encodeURIComponent(model)}`)
}

const bodyFor = ({ body }: Recognised, outgoing: Outgoing, model: string | undefined): BodyInit | null =>
  model === undefined || body === undefined || !("model" in body) ? outgoing.body : JSON.stringify({ ...body, model })

/** @internal */
export const keyHeader = (family: Family, key: string): [name: string, value: string] => {
  switch (family) {
    case "anthropic":
      return ["x-api-key", key]
    case "gemini":
      return ["x-goog-api-key", key]
    default:
      return ["authorization", `Bearer ${key}`]
  }
}

const plain = (value: string | Redacted.Redacted<string>): string =>
  typeof value === "string" ? value : Redacted.value(value)
