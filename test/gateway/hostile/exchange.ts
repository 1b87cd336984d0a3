/**
 * An exchange over a bare socket: bytes as they are given, and the answers to them as they come.
 */
import { connect } from "node:net"
import type { Hostile } from "./hostile.js"

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface Exchanged {
  readonly answers: ReadonlyArray<Answer>
  /** What came besides, which belongs to no answer. */
  readonly rest: string
}

const betweenPieces = 50
const patience = 10_000

/** Sends it, and ends when as many answers have come as there have to be. All that comes until the connection is closed is told. */
export const exchange = (port: number, { answers, leaves, method, sent, stays }: Hostile): Promise<Exchanged> =>
  new Promise((resolve, reject) => {
    let got = Buffer.alloc(0)
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true })
    const pieces = typeof sent === "string" || Buffer.isBuffer(sent) ? [sent] : sent
    const write = (at: number): void => {
      const piece = pieces[at]
      if (socket.destroyed || socket.writableEnded) return
      if (piece === undefined) leaves?.(socket)
      else {
        socket.write(typeof piece === "string" ? Buffer.from(piece, "latin1") : piece, () => {
          socket.resume()
          setTimeout(write, betweenPieces, at + 1)
        })
      }
    }
    const tooLong = setTimeout(() => {
      socket.destroy()
      reject(new Error(`no end after ${patience} ms; it has said ${JSON.stringify(got.toString("latin1", 0, 500))}`))
    }, patience)
    socket.on("connect", () => write(0))
    socket.on("data", (bytes) => {
      got = Buffer.concat([got, bytes])
      if (stays !== true && answers.length > 0 && answersIn(got, method).answers.length >= answers.length) socket.end()
    })
    // Many read no answer before they have sent all of the request.
    socket.pause()
    socket.on("end", () => socket.end())
    // Whoever writes to a connection that has been closed is told so, which is no answer.
    socket.on("error", () => {})
    socket.on("close", () => {
      clearTimeout(tooLong)
      resolve(answersIn(got, method))
    })
  })

/** The answers of HTTP/1.1 that are whole. */
const answersIn = (bytes: Buffer, method = "POST"): Exchanged => {
  const answers: Array<Answer> = []
  let rest = bytes.toString("latin1")
  for (;;) {
    const end = rest.indexOf("\r\n\r\n")
    if (end === -1) break
    const [line = "", ...lines] = rest.slice(0, end).split("\r\n")
    const headers = Object.fromEntries(
      lines.map((one) => [one.slice(0, one.indexOf(":")).toLowerCase(), one.slice(one.indexOf(":") + 1).trim()])
    )
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(line)?.[1])
    const body = bodyIn(rest.slice(end + 4), headers, method === "HEAD" || status < 200 || status === 204)
    if (body === undefined) break
    answers.push({ status, headers, body: body.text })
    rest = rest.slice(end + 4 + body.length)
  }
  return { answers, rest }
}

const bodyIn = (
  text: string,
  headers: Readonly<Record<string, string>>,
  hasNone: boolean
): { readonly text: string; readonly length: number } | undefined => {
  if (hasNone) return { text: "", length: 0 }
  if (headers["transfer-encoding"] === "chunked") {
    const end = text.indexOf("\r\n0\r\n\r\n")
    return end === -1 ? undefined : { text: text.slice(0, end), length: end + 7 }
  }
  const length = Number(headers["content-length"])
  return text.length < length ? undefined : { text: text.slice(0, length), length }
}
