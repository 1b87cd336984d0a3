/**
 * The body of a request, read once and within its bound.
 *
 * @internal
 */
import type { IncomingMessage } from "node:http"
import * as Effect from "effect/Effect"

/** A body that is not read, and why. @internal */
export class Unread {
  readonly _tag = "Unread"
  constructor(readonly because: "tooLarge" | "encoded" | "brokenOff") {}
}

/** How much more than it may a body may bring, in bytes, to the answer that says so. */
const longestRest = 67_108_864

/** @internal */
export const bodyOf = (request: IncomingMessage, bound: number): Effect.Effect<Buffer, Unread> =>
  Effect.async((resume) => {
    const refuse = (because: Unread["because"]): void => resume(Effect.fail(new Unread(because)))
    const encoding = request.headers["content-encoding"]
    if (encoding !== undefined && encoding !== "identity") return refuse("encoded")
    if (Number(request.headers["content-length"] ?? 0) > bound) return refuse("tooLarge")
    const chunks: Array<Buffer> = []
    let size = 0
    request.on("data", (chunk: Buffer) => {
      size += chunk.length
      if (size > bound) {
        chunks.length = 0
        // Whoever is still sending reads no answer before the end, so the rest is taken and dropped, but not for ever.
        if (size > bound + longestRest) request.destroy()
        return refuse("tooLarge")
      }
      chunks.push(chunk)
    })
    request.once("end", () =>
      resume(Effect.succeed(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)))
    )
    request.once("error", () => refuse("brokenOff"))
  })
