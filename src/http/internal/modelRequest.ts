/**
 * What a request asks, as far as the policies need to know.
 *
 * @internal
 */
import { type Api, apis, type Family, providers } from "./apis.js"

/**
 * A request to a model API.
 *
 * @since 0.1.0
 * @category Models
 */
export interface ModelRequest {
  readonly url: URL
  /** Whose wire format it has. */
  readonly family: Family
  /** The provider's name where the host is a known one, and the host otherwise. */
  readonly provider: string
  /** The model, deployment or endpoint that is asked; empty where the request does not tell. */
  readonly model: string
  /** Whether a stream is asked for. */
  readonly stream: boolean
}

/** @internal */
export interface Recognised extends ModelRequest {
  readonly api: Api
  /** The URL up to where the API's own path begins. */
  readonly base: string
  /** The provider as the classifier knows it. */
  readonly known: string | undefined
  /** The body as the client has written it, if it is JSON. */
  readonly body: Readonly<Record<string, unknown>> | undefined
}

/** Where a request to a model API goes. @internal */
export interface Addressed {
  readonly api: Api
  readonly url: URL
}

/** Nothing where it is not to a model API: only what is posted to a known path is. @internal */
export const addressed = (method: string, href: string): Addressed | undefined => {
  if (method.toUpperCase() !== "POST") return undefined
  const url = URL.canParse(href) ? new URL(href) : undefined
  const api = url && apis.find(({ path }) => path.test(url.pathname))
  return url === undefined || api === undefined ? undefined : { api, url }
}

/** What it asks there. @internal */
export const recognise = ({ api, url }: Addressed, json: string | undefined): Recognised => {
  const body = parsed(json)
  const known = providers.find(([host]) => host.test(url.hostname))?.[1]
  const at = url.pathname.search(api.path)
  return {
    api,
    url,
    body,
    known,
    base: `${url.origin}${url.pathname.slice(0, at)}`,
    family: api.family,
    provider: known ?? url.host,
    model: typeof body?.model === "string" ? body.model : modelInPath(url.pathname),
    stream: api.stream !== undefined && streams(api, url, body)
  }
}

/** Ollama streams unless told otherwise. */
const streams = ({ family, streams }: Api, url: URL, body: Recognised["body"]): boolean =>
  streams === undefined
    ? body?.stream === true || (family === "ollama" && body?.stream !== false)
    : streams.test(url.pathname)

const modelInPath = (path: string): string =>
  decoded(/\/(?:models|model|deployments|engines|endpoints)\/([^/:]+)/.exec(path)?.[1] ?? "")

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const parsed = (json: string | undefined): Recognised["body"] => {
  if (json === undefined) return undefined
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

/** The name under which the policies know the target: `"openai/gpt-5"`. @internal */
export const targetOf = ({ model, provider }: ModelRequest): string =>
  model === "" ? provider : `${provider}/${model}`
