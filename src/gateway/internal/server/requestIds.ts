/**
 * A name for each request, by which its client and the gateway's logs speak of the same one.
 *
 * @internal
 */
import { randomBytes } from "node:crypto"
import type { IncomingMessage } from "node:http"

const prefix = randomBytes(6).toString("hex")
let last = 0

/** The client's own, if it is one that may stand in a log. @internal */
export const requestIdOf = (request: IncomingMessage): string => {
  const own = request.headers["x-request-id"]
  return typeof own === "string" && /^[\w.:-]{1,128}$/.test(own) ? own : nextRequestId()
}

/** @internal */
export const nextRequestId = (): string => `${prefix}-${(++last).toString(36)}`
