/**
 * The HTTP server under the provider. Every request is served by a fiber of its own; closing the scope interrupts
 * them, destroys the sockets and ends only when the port is free again.
 */
import * as Http from "node:http"
import type { AddressInfo, Socket } from "node:net"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { Failure } from "../../internal/errors/errorClass.js"
import * as Exchange from "./Exchange.js"
import type { Attempt } from "./Log.js"

/**
 * The provider could not listen on the port it was told to; `code` is the operating system's, such as `EADDRINUSE`.
 *
 * @since 0.1.0
 * @category Errors
 */
export class PortUnavailable extends Failure<PortUnavailable>()("PortUnavailable", {
  port: Schema.Number,
  code: Schema.String
}) {
  override get message(): string {
    return `The misbehaving provider cannot listen on port ${this.port} of 127.0.0.1 (${this.code}); port 0 takes a free one`
  }
}

const host = "127.0.0.1"

/** Listens, and answers with the address. @internal */
export const serve = (
  port: number,
  handle: (exchange: Exchange.Exchange, connection: Attempt["connection"]) => Effect.Effect<void>
): Effect.Effect<string, PortUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    // A client may keep a connection for as long as it likes: a timeout here would look like a fault nobody asked for.
    const server = yield* Effect.acquireRelease(
      Effect.sync(() => Http.createServer({ keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 })),
      shutDown
    )
    const fork = yield* FiberSet.makeRuntime<never>()
    const connectionOf = numberConnections()
    server.on("request", (request, response) => {
      fork(handle(Exchange.make(request, response), connectionOf(request.socket)))
    })
    yield* listen(server, port)
    // The first thing to happen on closing: from here on nothing new comes in.
    yield* Effect.addFinalizer(() => Effect.sync(() => server.close()))
    return `http://${host}:${(server.address() as AddressInfo).port}`
  })

const listen = (server: Http.Server, port: number): Effect.Effect<void, PortUnavailable> =>
  Effect.async((resume) => {
    const onError = (error: NodeJS.ErrnoException) =>
      resume(Effect.fail(new PortUnavailable({ port, code: error.code ?? error.name })))
    server.once("error", onError)
    server.listen(port, host, () => {
      server.off("error", onError)
      resume(Effect.void)
    })
  })

const shutDown = (server: Http.Server): Effect.Effect<void> =>
  Effect.async((resume) => {
    server.close(() => resume(Effect.void))
    server.closeAllConnections()
  })

const numberConnections = (): ((socket: Socket) => Attempt["connection"]) => {
  const numbers = new WeakMap<Socket, number>()
  let next = 0
  return (socket) => {
    const known = numbers.get(socket)
    if (known !== undefined) return { index: known, reused: true }
    numbers.set(socket, next)
    return { index: next++, reused: false }
  }
}
