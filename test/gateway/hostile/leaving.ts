/**
 * Clients that leave, at every stage of a request and in every way.
 */
import type { Socket } from "node:net"
import type { Hostile } from "./hostile.js"
import { chat, chunk, chunked, head, length, messages, plain, post, stream } from "./written.js"

const ways: Readonly<Record<string, (socket: Socket) => void>> = {
  closes: (socket) => void socket.destroy(),
  resets: (socket) => void socket.resetAndDestroy(),
  ends: (socket) => void socket.end()
}

export const leaving: ReadonlyArray<Hostile> = (
  [
    ["before it has said anything", ""],
    ["in its first line", "POST /v1/ch"],
    ["in its headers", `POST ${chat} HTTP/1.1\r\nhost: ga`],
    ["after its headers", head("POST", chat, length(plain))],
    ["in its body", post().slice(0, -10)],
    ["in a chunk", (chunked() + chunk(plain)).slice(0, -10)],
    ["before its answer", post()],
    ["in its stream", [post(stream), ""]],
    ["with three requests", post() + post(stream) + post(plain, messages)]
  ] as const
).flatMap(([when, sent]) =>
  Object.entries(ways).map(([how, leaves]) => ({ name: `${how} ${when}`, sent, answers: [], leaves }))
)
