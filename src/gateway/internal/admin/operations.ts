/**
 * Which methods each path is for, among those of who runs a gateway.
 *
 * @internal
 */
import { Api } from "./api.js"

const toRead = "GET, HEAD"

/** @internal */
export const operations: ReadonlyMap<string, string> = new Map([
  ...Object.values(Api.groups).flatMap(({ endpoints }) =>
    Object.values(endpoints).map(({ method, path }): [string, string] => [path, method === "GET" ? toRead : method])
  ),
  ["/admin", toRead],
  ["/admin/docs", toRead],
  ["/metrics", toRead]
])
