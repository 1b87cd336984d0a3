/** Clients and wrappers that retry HTTP requests, each with two retries, as it comes otherwise. */
import fetchRetry from "fetch-retry"
import got from "got"
import ky from "ky"
import * as undici from "undici"

type Fetch = typeof globalThis.fetch

export const withFetchRetry = (fetch: Fetch): Fetch => fetchRetry(fetch, { retries: 2 }) as Fetch

export const withKy = (fetch: Fetch): Fetch => {
  const client = ky.create({ fetch, retry: { limit: 2, methods: ["post"] }, timeout: 30_000 })
  return ((url: string, init: RequestInit) => client(url, init)) as Fetch
}

export const gotText = (url: string, init: { readonly body: string; readonly headers: Record<string, string> }) =>
  got.post(url, { ...init, retry: { limit: 2, methods: ["POST"] } }).text()

/** The same, chunk by chunk. It tries nothing again once there is a response. */
export const gotChunks = (url: string, init: { readonly body: string; readonly headers: Record<string, string> }) =>
  got.stream.post(url, { ...init, retry: { limit: 2, methods: ["POST"] } })

/** undici's own fetch, over a dispatcher that retries or one that does not. */
export const undiciFetches = () => {
  const agent = new undici.Agent()
  const retrying = new undici.RetryAgent(agent, { maxRetries: 2, methods: ["POST"] })
  const over = (dispatcher: undici.Dispatcher): Fetch =>
    ((url: string, init: undici.RequestInit) => undici.fetch(url, { ...init, dispatcher })) as unknown as Fetch
  return { bare: over(agent), retrying: over(retrying), close: () => agent.close() }
}
