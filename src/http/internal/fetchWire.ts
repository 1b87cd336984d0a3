/**
 * Sending by `fetch`. What it throws comes through as it is.
 *
 * @internal
 */
import { fromAsyncIterable } from "../../internal/stream/fromAsyncIterable.js"
import type { Init } from "./clientRequest.js"
import type { Wire } from "./exchange.js"
import type { Outgoing } from "./outgoing.js"
import type { Seen } from "./seen.js"

/** @internal */
export const fetchWire = (fetch: typeof globalThis.fetch, rest: Init): Wire<unknown, never> => {
  const send = async ({ url, ...outgoing }: Outgoing, seen: Seen, signal: AbortSignal): Promise<Response> => {
    const response = await fetch(url, { ...rest, ...outgoing, signal })
    const { headers, redirected, status, statusText, type, url: from } = response
    seen.head = { url: from, status, statusText, headers, redirected, type }
    return response
  }
  return {
    promise: async (outgoing, seen, signal) => new Uint8Array(await (await send(outgoing, seen, signal)).arrayBuffer()),
    chunks: (outgoing, seen) =>
      fromAsyncIterable(async (signal) => {
        const { body } = await send(outgoing, seen, signal)
        return (body ?? nothing) as AsyncIterable<Uint8Array>
      }, asThrown),
    timedOut: (cause) => new DOMException(`The call timed out: ${messageOf(cause)}`, "TimeoutError")
  }
}

const asThrown = (thrown: unknown): unknown => thrown

const nothing: AsyncIterable<Uint8Array> = {
  [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true, value: undefined }) })
}

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : "its time was up")
