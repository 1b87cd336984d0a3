/**
 * What a request is for: its target, and whose dialect is spoken there.
 *
 * @internal
 */
import type { IncomingHttpHeaders, IncomingMessage } from "node:http"
import type { Family } from "../../../http/internal/apis.js"
import { endpoints } from "../endpoints.js"

const slash = 0x2f

/** A target without its host, which those who take the gateway for a proxy put before it. @internal */
export const originForm = (target: string): string => {
  if (target.charCodeAt(0) === slash) return target
  const path = /^https?:\/\/[^/?#]*(.*)$/i.exec(target)?.[1]
  return path === "" ? "/" : (path ?? target)
}

/** @internal */
export const pathOf = ({ url = "/" }: Pick<IncomingMessage, "url">): string => {
  const query = url.indexOf("?")
  return query === -1 ? url : url.slice(0, query)
}

/** The dialect of a path, or of whoever asks where the path is of no dialect. @internal */
export const familyOf = (path: string, headers: IncomingHttpHeaders = {}): Family =>
  endpoints.get(path)?.api.family ?? (headers["anthropic-version"] === undefined ? "openai" : "anthropic")
