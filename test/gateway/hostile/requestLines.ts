/**
 * What is wrong with the first line of a request, or with where it leads.
 */
import { type Hostile, one } from "./hostile.js"
import { auth, chat, head, length, lines, messages, plain, post } from "./written.js"

export const requestLines: ReadonlyArray<Hostile> = [
  one("no Host", 400, lines(`POST ${chat} HTTP/1.1`, [auth, length(plain)]) + plain),
  one("no Host, for Anthropic", 400, lines(`POST ${messages} HTTP/1.1`, [length(plain)]) + plain, {
    dialect: "anthropic"
  }),
  one("an empty Host", 200, lines(`POST ${chat} HTTP/1.1`, ["host:", auth, length(plain)]) + plain),
  one("two Hosts", 200, post(plain, chat, "host: other")),
  one("HTTP/1.0 without Host", 200, lines(`POST ${chat} HTTP/1.0`, [auth, length(plain)]) + plain),
  one("HTTP/0.9", 200, "GET /healthz\r\n\r\n"),
  one("HTTP/9.9", 400, lines(`POST ${chat} HTTP/9.9`, [])),
  one("the preface of HTTP/2", 400, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  one("TLS", 400, Buffer.from([0x16, 3, 1, 0, 5, 1, 0, 0, 1, 3])),
  one("SSH", 400, "SSH-2.0-OpenSSH_9.6\r\n"),
  one("zeros", 400, "\0\0\r\n\r\n"),
  one("many zeros, sent to their end", 400, "\0".repeat(12_000_000)),
  one("a method that does not exist", 501, head("CHAT", chat)),
  one("a method in small letters", 501, head("post", messages, length(plain)) + plain, { dialect: "anthropic" }),
  ...["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"].map((method) =>
    one(`${method} where POST is for`, 405, head(method, chat), { allow: "POST" })
  ),
  one("a line with two protocols", 400, head("GET", "/healthz HTTP/1.1")),
  one("HEAD where POST is for", 405, head("HEAD", messages), { allow: "POST", method: "HEAD" }),
  one("POST where GET is for", 405, post(plain, "/v1/models"), { allow: "GET, HEAD" }),
  one("CONNECT", 501, lines("CONNECT api.openai.com:443 HTTP/1.1", ["host: api.openai.com:443"])),
  one("OPTIONS of everything", 404, head("OPTIONS", "*")),
  one("an absolute target", 200, post(plain, `http://gateway${chat}`)),
  one("an absolute target without a path", 404, post(plain, "http://gateway")),
  one("an absolute target that is none", 404, post(plain, "http://[")),
  one("a target with a space", 400, head("GET", "/v1/mod els")),
  one("a target with a zero", 400, head("GET", "/v1/mod\0els")),
  one("a target of other bytes", 400, head("GET", "/v1/mod\xfc\xffels")),
  one("a target that is too long", 431, head("GET", `/v1/models/${"x".repeat(20_000)}`)),
  one("a path with two slashes", 404, post(plain, `/${chat}`)),
  one("a path that goes back", 404, post(plain, `/v1/..${chat}`)),
  one("a model whose name is no encoding", 404, head("GET", "/v1/models/%ff%zz")),
  one("a model whose name is a zero", 404, head("GET", "/v1/models/%00")),
  one("empty lines before", 200, `\r\n\r\n${post()}`),
  one("lines that end with LF", 400, post().replaceAll("\r\n", "\n")),
  one("lines that end with CR", 400, post().replaceAll("\r\n", "\r"))
]
