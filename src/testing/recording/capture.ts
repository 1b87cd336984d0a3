/**
 * What goes over a `fetch`, written down on its way. Nothing is held back, changed or delayed.
 */
import { Buffer } from "node:buffer"
import type { End, Thrown } from "./format.js"
import { thrownOf } from "./thrown.js"

/** A request as it was sent, its secrets in it. @internal */
export interface Sent {
  readonly method: string
  readonly url: string
  readonly headers: Headers
  readonly body: Uint8Array
}

/** What came back, its secrets in it. Times are those of the clock, in milliseconds. @internal */
export interface Draft {
  readonly sent: Sent
  readonly at: number
  head?: { readonly at: number; readonly status: number; readonly headers: Headers }
  failed?: { readonly at: number; readonly error: Thrown }
  left?: { readonly at: number }
  readonly pieces: Array<{ readonly at: number; readonly bytes: Buffer }>
  end?: End
}

/** The same response, whose body is written into `draft` while it is read. @internal */
export const captured = (
  response: Response,
  draft: Draft,
  now: () => number,
  signal: AbortSignal | undefined
): Response => {
  draft.head = { at: now(), status: response.status, headers: response.headers }
  // A client that is told that there is no body does not read it.
  if (response.body === null || response.headers.get("content-length") === "0") {
    draft.end = "complete"
    return response
  }
  const reader = response.body.getReader()
  const last = (): number => draft.pieces.at(-1)?.at ?? draft.head!.at
  const body = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        try {
          const next = await reader.read()
          if (next.done) {
            draft.end ??= "complete"
            return controller.close()
          }
          draft.pieces.push({ at: now(), bytes: Buffer.from(next.value) })
          controller.enqueue(next.value)
        } catch (error) {
          draft.end ??= signal?.aborted ? "left" : { after: Math.max(0, now() - last()), error: thrownOf(error) }
          controller.error(error)
        }
      },
      cancel: (reason) => {
        draft.end ??= "left"
        return reader.cancel(reason)
      }
    },
    { highWaterMark: 0 }
  )
  return standingFor(new Response(body, response), response.url)
}

/** A response that was made tells the address of the one that it stands for. @internal */
export const standingFor = (response: Response, url: string): Response =>
  Object.defineProperty(response, "url", { value: url, configurable: true })

/** @internal */
export const sentOf = async (request: Request): Promise<Sent> => ({
  method: request.method,
  url: request.url,
  headers: request.headers,
  body: new Uint8Array(await request.clone().arrayBuffer())
})
