/**
 * The body of a request, read once and within its bound.
 *
 * @internal
 */
import type { IncomingHttpHeaders, IncomingMessage } from "node:http"

/** A body that is not read, and why. @internal */
export class Unread {
  readonly _tag = "Unread"
  constructor(readonly because: "tooLarge" | "encoded" | "brokenOff") {}
}

/** How much more than it may a body may bring, in bytes, to the answer that says so. */
const longestRest = 67_108_864

/**
 * Tells once: the bytes, or why there are none. A fiber is begun for what has come whole, not for waiting.
 *
 * @internal
 */
export const readBody = (request: IncomingMessage, bound: number, told: (body: Buffer | Unread) => void): void => {
  const unread = unreadFor(request.headers, bound)
  if (unread !== undefined) {
    told(unread)
    return
  }
  const chunks: Array<Buffer> = []
  let size = 0
  let over = false
  const once = (body: Buffer | Unread): void => {
    if (over) return
    over = true
    told(body)
  }
  request.on("data", (chunk: Buffer) => {
    size += chunk.length
    if (size > bound) {
      chunks.length = 0
      // Whoever is still sending reads no answer before the end, so the rest is taken and dropped, but not for ever.
      if (size > bound + longestRest) request.destroy()
      return once(new Unread("tooLarge"))
    }
    chunks.push(chunk)
  })
  request.once("end", () => once(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)))
  request.once("error", () => once(new Unread("brokenOff")))
}

/** Why a body is not read that its headers tell of, if it is not. */
const unreadFor = (headers: IncomingHttpHeaders, bound: number): Unread | undefined => {
  const encoding = headers["content-encoding"]
  if (encoding !== undefined && encoding !== "identity") return new Unread("encoded")
  return Number(headers["content-length"] ?? 0) > bound ? new Unread("tooLarge") : undefined
}
