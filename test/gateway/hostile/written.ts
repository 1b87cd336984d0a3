/**
 * Requests as they are written, byte by byte.
 */
import { clientKey, operatorKey } from "./setting.js"

export const chat = "/v1/chat/completions"
export const messages = "/v1/messages"
export const plain = JSON.stringify({ model: "main", max_tokens: 50, messages: [{ role: "user", content: "Hello" }] })

type Headers = ReadonlyArray<string>
export const auth = `authorization: Bearer ${clientKey}`
export const lines = (first: string, headers: Headers): string => `${[first, ...headers].join("\r\n")}\r\n\r\n`
export const head = (method: string, target: string, ...headers: Headers): string =>
  lines(`${method} ${target} HTTP/1.1`, ["host: gateway", auth, ...headers])
export const length = (body: string): string => `content-length: ${body.length}`
export const post = (body: string = plain, target: string = chat, ...headers: Headers): string =>
  head("POST", target, length(body), ...headers) + body
export const chunk = (body: string, extension = ""): string => `${body.length.toString(16)}${extension}\r\n${body}\r\n`
export const chunked = (...headers: Headers): string => head("POST", chat, "transfer-encoding: chunked", ...headers)
export const admin = (method: string, target: string, ...headers: Headers): string =>
  lines(`${method} ${target} HTTP/1.1`, ["host: gateway", `authorization: Bearer ${operatorKey}`, ...headers])
export const json = "content-type: application/json"
export const order = (body: string): string => admin("POST", "/admin/isolate", json, length(body)) + body
export const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth)
export const withMember = (member: string): string => `{${member},${plain.slice(1)}`
export const stream = withMember('"stream":true')
