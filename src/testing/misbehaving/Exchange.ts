/**
 * One request and its response on a real socket, as effects. Whatever is written counts towards `bytesSent`.
 */
import type { IncomingMessage, ServerResponse } from "node:http"
import * as Effect from "effect/Effect"

/** A response, as steps write it. @internal */
export interface Responding {
  readonly writeHead: (status: number, headers: Readonly<Record<string, string>>) => Effect.Effect<void>
  /** Ends when the bytes have been handed to the operating system. */
  readonly write: (bytes: Uint8Array) => Effect.Effect<void>
  readonly end: Effect.Effect<void>
  /** A whole response in one go. */
  readonly respond: (status: number, headers: Readonly<Record<string, string>>, body: Uint8Array) => Effect.Effect<void>
  /** A FIN without the end of the body; before the headers, a FIN without any response. */
  readonly close: Effect.Effect<void>
  /** A RST. */
  readonly reset: Effect.Effect<void>
}

/** @internal */
export interface Exchange extends Responding {
  readonly request: IncomingMessage
  /** The whole body, or `tooLarge` as soon as it is longer than `limit` bytes, or `cut` where it has no end. */
  readonly readBody: (limit: number) => Effect.Effect<Buffer | "tooLarge" | "cut">
  /** Ends when the client goes away before the response has its end, and never otherwise. */
  readonly clientGone: Effect.Effect<void>
  readonly bytesSent: () => number
  readonly status: () => number | undefined
}

/** @internal */
export const make = (request: IncomingMessage, response: ServerResponse): Exchange => {
  let bytesSent = 0
  let cutByUs = false
  // Without a listener an error of a client that goes away would be thrown.
  request.on("error", () => {})
  response.on("error", () => {})

  const cut = (how: () => void): Effect.Effect<void> =>
    Effect.sync(() => {
      cutByUs = true
      how()
    })

  const exchange: Exchange = {
    request,
    readBody: (limit) =>
      Effect.async((resume) => {
        const chunks: Array<Buffer> = []
        let size = 0
        const onData = (chunk: Buffer) => {
          size += chunk.length
          if (size <= limit) chunks.push(chunk)
          else settle("tooLarge")
        }
        const onEnd = () => settle(Buffer.concat(chunks))
        const onClose = () => settle("cut")
        // Without a listener what is left of the body flows into nothing, and the client gets to reading the response.
        const stop = () => {
          request.off("data", onData).off("end", onEnd).off("close", onClose)
        }
        const settle = (result: Buffer | "tooLarge" | "cut") => {
          stop()
          resume(Effect.succeed(result))
        }
        request.on("data", onData).on("end", onEnd).on("close", onClose)
        return Effect.sync(stop)
      }),
    writeHead: (status, headers) =>
      Effect.sync(() => {
        response.writeHead(status, headers)
        response.flushHeaders()
      }),
    write: (bytes) =>
      Effect.async((resume) => {
        response.write(bytes, (error) => {
          if (error === undefined || error === null) bytesSent += bytes.length
          resume(Effect.void)
        })
      }),
    end: Effect.async((resume) => {
      response.end(() => resume(Effect.void))
    }),
    respond: (status, headers, body) =>
      // These two have no body, and say nothing about its length.
      status === 204 || status === 304
        ? Effect.andThen(exchange.writeHead(status, headers), exchange.end)
        : exchange
            .writeHead(status, { ...headers, "content-length": String(body.length) })
            .pipe(Effect.andThen(exchange.write(body)), Effect.andThen(exchange.end)),
    close: cut(() => request.socket.destroySoon()),
    reset: cut(() => request.socket.resetAndDestroy()),
    clientGone: Effect.async((resume) => {
      const onClose = () => {
        if (!response.writableFinished && !cutByUs) resume(Effect.void)
      }
      if (response.closed) onClose()
      else response.once("close", onClose)
      return Effect.sync(() => response.off("close", onClose))
    }),
    bytesSent: () => bytesSent,
    status: () => (response.headersSent ? response.statusCode : undefined)
  }
  return exchange
}
