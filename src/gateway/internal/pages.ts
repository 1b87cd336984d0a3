/**
 * Pages of other origins. A browser asks whether they may ask, and lets them read of an answer what it says they may.
 *
 * @internal
 */
import type { IncomingMessage, ServerResponse } from "node:http"

/** Browsers ask again after at most two hours, whatever they are told. */
const seconds = "7200"

/**
 * Says on the answer to come what a page may read of it. Whether a page may ask at all is answered here: then there is
 * nothing else to say.
 *
 * @internal
 */
export const answersBrowser = (
  origins: ReadonlySet<string>,
  { headers, method }: IncomingMessage,
  response: ServerResponse
): boolean => {
  const { origin, "access-control-request-headers": asked, "access-control-request-method": intended } = headers
  response.setHeader("vary", "origin")
  if (origin === undefined || !(origins.has(origin) || origins.has("*"))) return false
  response.setHeader("access-control-allow-origin", origin)
  if (method !== "OPTIONS" || intended === undefined) {
    response.setHeader("access-control-expose-headers", "*")
    return false
  }
  response.writeHead(204, {
    "access-control-allow-methods": "GET, HEAD, POST",
    // A star would not cover what says who asks.
    ...(asked !== undefined && { "access-control-allow-headers": asked }),
    "access-control-max-age": seconds
  })
  response.end()
  return true
}
