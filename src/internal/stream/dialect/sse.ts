import type { Reading, StreamDialect } from "../../../StreamDialect.js"
import { failed } from "./failed.js"
import { malformed, metadata } from "./shape.js"

export interface ServerSentEvent {
  readonly data: string
  readonly event?: string | undefined
}

const done: Reading = { kind: "metadata", end: true }

/** @internal */
export const sse = (dialect: StreamDialect<unknown>): StreamDialect<ServerSentEvent> => ({
  provider: dialect.provider,
  endMarker: dialect.endMarker,
  read: ({ data, event }) => {
    const json = data.trim()
    if (json === "[DONE]") return done
    if (json === "") return metadata
    if (event === "error") return failed(dialect.provider, data, event)
    let element: unknown
    try {
      element = JSON.parse(json)
    } catch {
      return malformed
    }
    return dialect.read(element)
  }
})
