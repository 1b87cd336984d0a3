import type { Exchange } from "./Exchange.js"

/**
 * An exchange whose answers a browser lets pages of any origin read.
 *
 * @internal
 */
export const forPages = (exchange: Exchange): Exchange => {
  const allowed = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "*",
    "access-control-allow-methods": "*",
    // The star does not cover what tells who asks.
    "access-control-allow-headers": exchange.request.headers["access-control-request-headers"] ?? "*"
  }
  return {
    ...exchange,
    writeHead: (status, headers) => exchange.writeHead(status, { ...allowed, ...headers }),
    respond: (status, headers, body) => exchange.respond(status, { ...allowed, ...headers }, body)
  }
}
