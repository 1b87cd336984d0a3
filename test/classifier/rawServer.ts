import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { Effect, type Scope } from "effect"

/** What the server does with the next requests, on whatever path. */
export type Behaviour =
  | {
      readonly does: "answer"
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body: string
    }
  /** A reset instead of a response. */
  | { readonly does: "reset" }
  /** The connection ends in good order, without a response. */
  | { readonly does: "close" }
  /** Nothing, ever. */
  | { readonly does: "stall" }
  /** Headers and the beginning of a body, then a reset. */
  | { readonly does: "cut"; readonly headers?: Readonly<Record<string, string>>; readonly body: string }
  /** Headers and the beginning of a body, then nothing. */
  | { readonly does: "stallInBody"; readonly headers?: Readonly<Record<string, string>>; readonly body: string }
  /** Something that is not HTTP. */
  | { readonly does: "babble" }

export interface RawServer {
  readonly url: string
  readonly behave: (behaviour: Behaviour) => void
}

const act = (behaviour: Behaviour, request: IncomingMessage, response: ServerResponse): void => {
  const socket = request.socket
  switch (behaviour.does) {
    case "answer":
      response.writeHead(behaviour.status, { "content-type": "application/json", ...behaviour.headers })
      response.end(behaviour.body)
      return
    case "reset":
      socket.resetAndDestroy()
      return
    case "close":
      socket.end()
      return
    case "stall":
      return
    case "cut":
    case "stallInBody":
      response.writeHead(200, { "content-type": "application/json", ...behaviour.headers })
      response.write(behaviour.body, () => {
        if (behaviour.does === "cut") setTimeout(() => socket.resetAndDestroy(), 20)
      })
      return
    case "babble":
      socket.end("SSH-2.0-OpenSSH_9.6\r\n")
  }
}

export const rawServer: Effect.Effect<RawServer, never, Scope.Scope> = Effect.acquireRelease(
  Effect.async<RawServer & { readonly stop: () => void }>((resume) => {
    let behaviour: Behaviour = { does: "stall" }
    const server = createServer((request, response) => {
      request.resume()
      request.on("end", () => act(behaviour, request, response))
    })
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo
      resume(
        Effect.succeed({
          url: `http://127.0.0.1:${port}`,
          behave: (next) => {
            behaviour = next
          },
          stop: () => {
            server.close()
            server.closeAllConnections()
          }
        })
      )
    })
  }),
  ({ stop }) => Effect.sync(stop)
)
