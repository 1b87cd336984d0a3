/**
 * Sending to an upstream over its pool of connections.
 *
 * @internal
 */
import type * as Undici from "@effect/platform-node/Undici"
import type { PushWire } from "../../http/internal/attempts.js"
import { type Sending, type Sink, streamed } from "../../http/internal/pushed.js"
import type { HeadersSeen, Seen } from "../../http/internal/seen.js"
import { MalformedResponse } from "../../LlmError.js"
import type { Upstream } from "./upstreams.js"

/** @internal */
export interface UpstreamRequest {
  readonly upstream: Upstream
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

const start = ({ body, headers, path, upstream }: UpstreamRequest, seen: Seen, sink: Sink<Error>): Sending => {
  const exchange = new Exchange(seen, sink)
  upstream.pool.dispatch({ method: "POST", path, headers, body }, exchange)
  return exchange
}

/** @internal */
export const wire: PushWire<UpstreamRequest, Error> = {
  start,
  chunks: (request, seen) => streamed((sink) => start(request, seen, sink))
}

type Controller = Undici.Dispatcher.DispatchController

class Exchange implements Undici.Dispatcher.DispatchHandler, Sending {
  private controller: Controller | undefined
  private cancelled = false

  constructor(
    private readonly seen: Seen,
    private readonly sink: Sink<Error>
  ) {}

  onRequestStart(controller: Controller): void {
    this.controller = controller
    if (this.cancelled) this.cancel()
  }

  onResponseStart(_: Controller, status: number, headers: Record<string, string | Array<string> | undefined>): void {
    // What comes before the head of the answer itself, as `103 Early Hints`, is not part of it.
    if (status < 200) return
    this.seen.head = { url: "", status, statusText: "", headers: new HeadersOf(headers) }
    const unusable = unusableFor(status, headers["content-encoding"])
    if (unusable === undefined) return
    this.cancel()
    this.sink.fail(new MalformedResponse({ message: unusable, status }))
  }

  onResponseData(_: Controller, bytes: Buffer): void {
    this.sink.data(bytes)
  }

  onResponseEnd(): void {
    this.sink.end()
  }

  onResponseError(_: Controller, error: Error): void {
    if (!this.cancelled) this.sink.fail(error)
  }

  pause(): void {
    this.controller?.pause()
  }

  resume(): void {
    this.controller?.resume()
  }

  readonly cancel = (): void => {
    this.cancelled = true
    this.controller?.abort(new Error("nobody waits for the answer any more"))
  }
}

/** Why nobody can make anything of an answer, whatever its body. */
const unusableFor = (status: number, encoding: string | Array<string> | undefined): string | undefined => {
  // Where it points to is an affair of the upstream's, and no client's.
  if (status >= 300 && status <= 399)
    return `The upstream answered with a redirection (${status}); its baseUrl is another`
  return encoding === undefined || encoding === "identity"
    ? undefined
    : "The upstream compressed its answer, which it was asked not to do"
}

class HeadersOf implements HeadersSeen {
  constructor(private readonly all: Readonly<Record<string, string | Array<string> | undefined>>) {}

  get(name: string): string | null {
    const value = this.all[name]
    return value === undefined ? null : String(value)
  }

  *[Symbol.iterator](): Iterator<[string, string]> {
    for (const name in this.all) {
      const value = this.all[name]
      if (value !== undefined) yield [name, String(value)]
    }
  }
}
