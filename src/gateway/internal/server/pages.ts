/**
 * Pages of other origins. A browser asks whether they may ask, and lets them read of an answer what it says they may.
 *
 * @internal
 */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http"
import type { Problem } from "./problem.js"

/** Browsers ask again after at most two hours, whatever they are told. */
const seconds = "7200"

const isNamed = (origins: ReadonlySet<string>, origin: string): boolean => origins.has(origin) || origins.has("*")

/** Browsers send it for a page only when they have been told that the page may. @internal */
export const isJson = ({ "content-type": type }: IncomingHttpHeaders): boolean =>
  /^application\/json\b/i.test(type ?? "")

/**
 * Whether a page asks that has not been named: it could read no answer, and would have had it all the same, at the expense of
 * whoever looks at the page.
 *
 * @internal
 */
export const asksUnnamed = (origins: ReadonlySet<string> | undefined, headers: IncomingHttpHeaders): boolean =>
  headers.origin !== undefined && !isJson(headers) && !(origins !== undefined && isNamed(origins, headers.origin))

/** @internal */
export const unnamed: Problem = { status: 403, message: "Pages of this origin may not ask here" }

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
  if (origin === undefined || !isNamed(origins, origin)) return false
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
