/**
 * What is told of a request that is no request, or does not come in time: Node's parser says why, and the socket is all
 * there is to answer on.
 *
 * @internal
 */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http"
import type { Socket } from "node:net"
import type { Duplex } from "node:stream"
import type { Family } from "../../http/internal/apis.js"
import { endpoints } from "./endpoints.js"
import { bodyOf, type Problem } from "./problem.js"
import * as reply from "./reply.js"
import { RequestIds } from "./requestIds.js"

interface ParserError extends NodeJS.ErrnoException {
  /** What could not be parsed. */
  readonly rawPacket?: Buffer
}

/** Node keeps the answer that a socket is for there, as its own handler of such errors asks. */
interface Answering {
  readonly _httpMessage?: (ServerResponse & { readonly req: IncomingMessage }) | null
}

const ids = new RequestIds()

/** @internal */
export const answerBroken = (error: ParserError, socket: Socket): void => {
  const { _httpMessage: response } = socket as Answering
  if (!socket.writable || error.code === "ECONNRESET" || response?.headersSent === true) {
    socket.destroy()
    return
  }
  const problem = problemOf(error)
  const requestId = ids.next()
  if (response !== undefined && response !== null) {
    response.setHeader("connection", "close")
    response.once("finish", () => socket.destroy())
    reply.problem(response, familyOf(response.req.url ?? ""), problem, { requestId })
    return
  }
  const firstLine = error.rawPacket?.toString("latin1", 0, 200) ?? ""
  answerAlone(socket, familyOf(/^\w+ (\S+)/.exec(firstLine)?.[1] ?? ""), problem, requestId)
}

/** A client that takes the gateway for a proxy; Node leaves its socket to whoever listens, errors included. @internal */
export const refuseTunnel = (_: IncomingMessage, socket: Duplex): void => {
  socket.on("error", () => socket.destroy())
  answerAlone(socket, "openai", noTunnel, ids.next())
}

const noTunnel: Problem = { status: 501, message: "The gateway is no proxy for connections; make it the base URL" }

/** Where there is nothing but a socket to answer on, which ends with the answer. */
const answerAlone = (socket: Duplex, family: Family, problem: Problem, requestId: string): void => {
  const body = JSON.stringify(bodyOf(family, problem, requestId))
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    "connection: close",
    "content-type: application/json",
    `x-effect-resilience-request-id: ${requestId}`,
    `content-length: ${Buffer.byteLength(body)}`
  ]
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy())
}

const familyOf = (url: string): Family => endpoints.get(url.split("?", 1)[0] ?? "")?.api.family ?? "openai"

const problemOf = ({ code }: ParserError): Problem => {
  switch (code) {
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return { status: 408, message: "The request did not come in time" }
    case "HPE_HEADER_OVERFLOW":
      return { status: 431, message: "The request's headers are too large" }
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
      return { status: 413, message: "The request's chunks have too much said of them" }
    default:
      return { status: 400, message: "This is no request of HTTP/1.1" }
  }
}
