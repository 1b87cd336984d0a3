/**
 * Sending to an upstream over its pool of connections.
 *
 * @internal
 */
import type * as Undici from "@effect/platform-node/Undici"
import type { Wire } from "../../http/internal/attempts.js"
import type { HeadersSeen, Seen } from "../../http/internal/seen.js"
import { promiseCall } from "../../internal/call/promiseCall.js"
import { fromAsyncIterable } from "../../internal/stream/fromAsyncIterable.js"
import type { Upstream } from "./upstreams.js"

/** @internal */
export interface UpstreamRequest {
  readonly upstream: Upstream
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** @internal */
export const wire: Wire<UpstreamRequest, unknown, never> = {
  whole: (request, seen) =>
    promiseCall(async (signal) => {
      const { body } = await send(request, seen, signal)
      return new Uint8Array(await body.arrayBuffer())
    }, asThrown),
  chunks: (request, seen) =>
    fromAsyncIterable(async (signal) => (await send(request, seen, signal)).body as AsyncIterable<Uint8Array>, asThrown)
}

const send = async (
  { body, headers, path, upstream }: UpstreamRequest,
  seen: Seen,
  signal: AbortSignal
): Promise<Undici.Dispatcher.ResponseData> => {
  const response = await upstream.pool.request({ method: "POST", path, headers, body, signal })
  seen.head = { url: "", status: response.statusCode, statusText: "", headers: new HeadersOf(response.headers) }
  return response
}

const asThrown = (thrown: unknown): unknown => thrown

class HeadersOf implements HeadersSeen {
  constructor(private readonly all: Undici.Dispatcher.ResponseData["headers"]) {}

  get(name: string): string | null {
    const value = this.all[name]
    return value === undefined ? null : String(value)
  }

  *[Symbol.iterator](): Iterator<[string, string]> {
    for (const [name, value] of Object.entries(this.all)) if (value !== undefined) yield [name, String(value)]
  }
}
