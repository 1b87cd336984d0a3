/**
 * The HTTP server of a gateway: its bounds, and its end.
 *
 * @internal
 */
import * as Http from "node:http"
import type { AddressInfo, Socket } from "node:net"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { Failure } from "../../../internal/errors/errorClass.js"
import type { Config } from "../config/schema.js"
import { acceptable, onceWanted, refuseExpectation } from "./acceptable.js"
import { answerBroken, refuseTunnel } from "./broken.js"

/**
 * The gateway could not listen where it was told to; `code` is the operating system's, such as `EADDRINUSE`.
 *
 * @since 0.1.0
 * @category Errors
 */
export class PortUnavailable extends Failure<PortUnavailable>()("PortUnavailable", {
  host: Schema.String,
  port: Schema.Number,
  code: Schema.String
}) {
  override get message(): string {
    return `The gateway cannot listen on port ${this.port} of ${this.host} (${this.code})`
  }
}

/** @internal */
export type OnRequest = (request: Http.IncomingMessage, response: Http.ServerResponse) => void

/** Listens; the address is the answer. When the scope closes, requests under way have their time to end. @internal */
export const listen = (
  host: string,
  port: number,
  bounds: NonNullable<Config["bounds"]>,
  onRequest: OnRequest
): Effect.Effect<string, PortUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    const handle = acceptable(onRequest, yield* Effect.runtime<never>())
    const { server } = yield* Effect.acquireRelease(
      Effect.sync(() => {
        const server = serverOf(bounds, handle)
        return { server, connections: connectionsOf(server) }
      }),
      ({ connections, server }) => shutDown(server, connections, Duration.decode(bounds.shutdownTime ?? "30 seconds"))
    )
    yield* started(server, host, port)
    const { port: taken } = server.address() as AddressInfo
    return `http://${host.includes(":") ? `[${host}]` : host}:${taken}`
  })

const serverOf = (bounds: NonNullable<Config["bounds"]>, handle: OnRequest): Http.Server => {
  const server = Http.createServer(
    {
      // Whoever needs one and has none is told so in words.
      requireHostHeader: false,
      maxHeaderSize: bounds.headerBytes ?? 32_768,
      headersTimeout: Duration.toMillis(bounds.headerTime ?? "15 seconds"),
      requestTimeout: Duration.toMillis(bounds.bodyTime ?? "60 seconds"),
      keepAliveTimeout: Duration.toMillis(bounds.idleTime ?? "65 seconds"),
      connectionsCheckingInterval: 1000,
      noDelay: true
    },
    handle
  )
  // Their bytes are bounded; beyond a number of them Node would leave out the rest without a word.
  server.maxHeadersCount = 0
  server.on("checkContinue", onceWanted(handle))
  server.on("checkExpectation", refuseExpectation)
  server.on("clientError", answerBroken)
  server.on("connect", refuseTunnel)
  server.maxConnections = bounds.connections ?? 20_000
  return server
}

const started = (server: Http.Server, host: string, port: number): Effect.Effect<void, PortUnavailable> =>
  Effect.async((resume) => {
    const onError = (error: NodeJS.ErrnoException) =>
      resume(Effect.fail(new PortUnavailable({ host, port, code: error.code ?? error.name })))
    server.once("error", onError)
    server.listen({ host, port, backlog: 4096 }, () => {
      server.off("error", onError)
      resume(Effect.void)
    })
  })

const connectionsOf = (server: Http.Server): ReadonlySet<Socket> => {
  const open = new Set<Socket>()
  server.on("connection", (socket: Socket) => {
    open.add(socket)
    socket.once("close", () => open.delete(socket))
  })
  return open
}

const shutDown = (
  server: Http.Server,
  connections: ReadonlySet<Socket>,
  within: Duration.Duration
): Effect.Effect<void> =>
  Effect.gen(function* () {
    let open = true
    server.close(() => {
      open = false
    })
    const start = yield* Clock.currentTimeMillis
    // A connection whose request was under way is kept for another one, which nobody may make any more.
    while (open && (yield* Clock.currentTimeMillis) - start < Duration.toMillis(within)) {
      server.closeIdleConnections()
      // Nor does anybody wait on one that was opened in advance, which Node takes for one that is in use.
      for (const socket of connections) if (socket.bytesRead === 0) socket.destroy()
      yield* Effect.sleep("20 millis")
    }
    server.closeAllConnections()
  })
