/**
 * What is told of a request that is no request, or does not come in time: Node's parser says why, and the socket is all
 * there is to answer on.
 *
 * @internal
 */
import { type IncomingMessage, METHODS, type ServerResponse, STATUS_CODES } from "node:http"
import type { Socket } from "node:net"
import type { Family } from "../../../http/internal/apis.js"
import { bodyOf, type Problem } from "./problem.js"
import { refuse } from "./refuse.js"
import { nextRequestId, requestIdOf } from "./requestIds.js"
import { familyOf, originForm, pathOf } from "./target.js"

interface ParserError extends NodeJS.ErrnoException {
  /** What could not be parsed. */
  readonly rawPacket?: Buffer
}

/** Node keeps there the answer that a socket is for, as its own handler of such errors asks, and the request that still comes. */
interface Answering {
  readonly _httpMessage?: (ServerResponse & { readonly req: IncomingMessage }) | null
  readonly parser?: { readonly incoming?: IncomingMessage | null } | null
}

const late = "ERR_HTTP_REQUEST_TIMEOUT"

/** Where something could not be parsed, whatever comes after it cannot be either. */
const broken = new WeakSet<Socket>()

/** @internal */
export const answerBroken = (error: ParserError, socket: Socket): void => {
  const isNew = !broken.has(socket)
  broken.add(socket)
  if (error.code === "ECONNRESET") socket.destroy()
  else if (isNew) answerInTurn(error, socket)
  // It has left, or has its answer and goes on sending.
  else if (socket.readableEnded || (!socket.writable && error.code === late)) socket.destroy()
}

/** Requests before it on its connection are answered first. */
const answerInTurn = (error: ParserError, socket: Socket): void => {
  if (!socket.writable) return
  const { _httpMessage: response, parser } = socket as Answering
  if (response === undefined || response === null) {
    // What is still to come of a request that has its answer gets no other one.
    if (parser?.incoming) socket.destroy()
    else answerAlone(socket, ...lineOf(error), nextRequestId())
  } else if (response.req.complete) {
    if (socket.readableEnded) socket.destroy()
    else response.once("close", () => answerInTurn(error, socket))
  } else if (response.headersSent) socket.destroy()
  else if (error.code === late) {
    response.shouldKeepAlive = false
    refuse(response.req, response, problemOf(error))
  } else {
    const { req } = response
    answerAlone(socket, familyOf(pathOf(req), req.headers), problemOf(error), requestIdOf(req))
  }
}

/** A client that takes the gateway for a proxy; Node leaves its socket to whoever listens, errors included. @internal */
export const refuseTunnel = (_: IncomingMessage, socket: Socket): void => {
  socket.on("error", () => socket.destroy())
  socket.resume()
  answerAlone(socket, "openai", noTunnel, nextRequestId())
}

const noTunnel: Problem = { status: 501, message: "The gateway is no proxy for connections; make it the base URL" }

/** For how many milliseconds somebody who has been answered may send nothing before the connection is closed. */
const silence = 1_000

/** Where there is nothing but a socket to answer on, which ends with the answer. */
const answerAlone = (socket: Socket, family: Family, problem: Problem, requestId: string): void => {
  const body = JSON.stringify(bodyOf(family, problem, requestId))
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    "connection: close",
    "content-type: application/json",
    `x-request-id: ${requestId}`,
    `x-effect-resilience-request-id: ${requestId}`,
    `content-length: ${Buffer.byteLength(body)}`
  ]
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`)
  // Whoever is still sending would lose the answer with a connection that is closed at once, so the rest is taken and dropped.
  socket.setTimeout(silence, () => socket.destroy())
}

/** Of a request that has not been read its first line may tell more than the parser. */
const lineOf = (error: ParserError): readonly [Family, Problem] => {
  const [, method = "", target = "", rest = ""] =
    /^([A-Za-z]+) (\S+)(.*)/.exec(error.rawPacket?.toString("latin1", 0, 200) ?? "") ?? []
  const isUnknown =
    error.code === "HPE_INVALID_METHOD" && / HTTP\/1\.[01]$/.test(rest.trimEnd()) && !METHODS.includes(method)
  return [familyOf(pathOf({ url: originForm(target) })), isUnknown ? unknownMethod : problemOf(error)]
}

const unknownMethod: Problem = { status: 501, message: "There is no such method of HTTP" }

const problemOf = ({ code }: ParserError): Problem => {
  switch (code) {
    case late:
      return { status: 408, message: "The request did not come in time" }
    case "HPE_HEADER_OVERFLOW":
      return { status: 431, message: "The request's headers are too large" }
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
      return { status: 413, message: "The request's chunks have too much said of them" }
    default:
      return { status: 400, message: "This is no request of HTTP/1.1" }
  }
}
