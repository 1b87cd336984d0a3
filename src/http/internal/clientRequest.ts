/**
 * What a client hands to `fetch`, taken apart: what it asks, and how often it may be sent.
 *
 * @internal
 */
import type { Asked } from "./exchange.js"
import { addressed, type ModelRequest, recognise } from "./modelRequest.js"
import { type Body, keep } from "./requestBody.js"

type Fetch = typeof globalThis.fetch
type Input = Parameters<Fetch>[0]

/** @internal */
export type Init = NonNullable<Parameters<Fetch>[1]>

/** @internal */
export interface ClientRequest extends Asked {
  /** What `fetch` takes besides, such as a dispatcher or the mode of the cache. */
  readonly rest: Init
}

/** A call to a target, or what is to be passed on as it is. @internal */
export type Taken = { readonly call: ClientRequest } | { readonly untouched: readonly [Input, Init | undefined] }

/** @internal */
export const takeApart = async (
  input: Input,
  init: Init | undefined,
  options: {
    readonly target: (request: ModelRequest) => string | undefined
    readonly bodyBytes: number
  }
): Promise<Taken> => {
  const given = input instanceof Request ? input : undefined
  const method = init?.method ?? given?.method ?? "GET"
  const href = given?.url ?? String(input)
  // Most of what an application asks for is something else, and is not looked into.
  const to = addressed(method, href)
  if (to === undefined) return { untouched: [input, init] }
  const signal = init?.signal ?? given?.signal
  const body = await keep(init?.body ?? given?.clone().body ?? null, options.bodyBytes, signal)
  const recognised = recognise(to, body.json)
  const target = options.target(recognised)
  if (target === undefined) return { untouched: [input, putBack(init, body)] }
  const { body: _body, headers, method: _method, signal: _signal, ...rest } = init ?? {}
  return {
    call: {
      recognised,
      target,
      rest: { ...(given && settingsOf(given)), ...rest, ...(body.repeatable ? {} : { duplex: "half" }) } as Init,
      outgoing: { url: href, method, headers: new Headers(headers ?? given?.headers), body: body.body },
      repeatable: body.repeatable,
      signal: signal ?? undefined
    }
  }
}

/** A body of the caller's that could be read once has been. */
const putBack = (init: Init | undefined, { body, read, repeatable }: Body): Init | undefined =>
  init?.body == null || !read ? init : ({ ...init, body, ...(repeatable ? {} : { duplex: "half" }) } as Init)

const settingsOf = (given: Request): Init => ({
  cache: given.cache,
  credentials: given.credentials,
  integrity: given.integrity,
  keepalive: given.keepalive,
  mode: given.mode,
  redirect: given.redirect,
  referrer: given.referrer,
  referrerPolicy: given.referrerPolicy
})
