import type { Reading, StreamDialect } from "./dialect.js"
import { failed, strange } from "./failed.js"
import { isFields } from "./fields.js"
import { malformed, metadata } from "./readings.js"

export interface ServerSentEvent {
  readonly data: string
  readonly event?: string | undefined
  readonly id?: string | undefined
}

/**
 * The data of one server-sent event, read in the dialect that `inner` gives for it.
 *
 * `[DONE]` ends the connection and says nothing of the answer, which ends with its own marker.
 */
const readWith = (inner: (element: unknown) => StreamDialect<unknown>, provider: () => string | undefined) => {
  const ofElement = (element: unknown, event: string | undefined): Reading => {
    const reading = inner(element).read(element)
    return reading.kind === "malformed" && isNamed(event) && reading.error === undefined ? metadata : reading
  }
  return (given: ServerSentEvent): Reading => {
    const { data, event }: { readonly data?: unknown; readonly event?: string | undefined } = isFields(given)
      ? given
      : {}
    if (isFields(data)) return event === "error" ? failed(provider(), data, event) : ofElement(data, event)
    if (data === undefined && event !== "error" && isFields(given)) return besides(provider(), given)
    const json = typeof data === "string" ? data.trim() : ""
    if (event === "error") return failed(provider(), json, event)
    if (json === "" || json === "[DONE]") return metadata
    let element: unknown
    try {
      element = JSON.parse(json)
    } catch {
      // An event of a name of its own may carry what it likes, but not half an object.
      return isNamed(event) && !/^[[{]/.test(json) ? metadata : malformed
    }
    return ofElement(element, event)
  }
}

/** What parsers hand out besides, such as a `retry`, has no data, and may be a failure that nobody has wrapped. */
const besides = (provider: string | undefined, given: ServerSentEvent): Reading => {
  const reading = strange(provider, given)
  return reading.error === undefined ? metadata : reading
}

/** An event of a name that no dialect gives to its data. */
const isNamed = (event: unknown): boolean =>
  typeof event === "string" &&
  !/^(?:|message|data|chunk|completion|delta|(?:message|content_block|response)[_.].*)$/.test(event)

/** @internal */
export const sse = (dialect: StreamDialect<unknown>): StreamDialect<ServerSentEvent> => ({
  provider: dialect.provider,
  endMarker: dialect.endMarker,
  read: readWith(
    () => dialect,
    () => dialect.provider
  )
})

/**
 * As `dialect`, for elements that are its own or that a client has wrapped into events with their data parsed.
 *
 * @internal
 */
export const parsedEvents = (dialect: StreamDialect<unknown>): StreamDialect<unknown> => {
  const events = sse(dialect)
  return {
    ...dialect,
    read: (element) =>
      isFields(element) && isServerSentEvent(element)
        ? events.read(element as unknown as ServerSentEvent)
        : dialect.read(element)
  }
}

/** @internal */
export interface Detecting extends StreamDialect<unknown> {
  /** What the data was found to be. */
  readonly inner: StreamDialect<unknown> | undefined
}

/**
 * Events whose data tells the dialect. For one stream only.
 *
 * @internal
 */
export const sseDetecting = (detect: (first: unknown) => StreamDialect<unknown>): Detecting => {
  let dialect: StreamDialect<unknown> | undefined
  return {
    get inner() {
      return dialect
    },
    get provider() {
      return dialect?.provider
    },
    get endMarker() {
      return dialect?.endMarker ?? false
    },
    read: readWith(
      (element) => {
        dialect ??= detect(element)
        return dialect
      },
      () => dialect?.provider
    ) as StreamDialect<unknown>["read"]
  }
}

/**
 * Whether an element is a parsed server-sent event, as `eventsource-parser`, `@effect/experimental` and the vendors' own
 * parsers make them; some, such as Mistral's client, have parsed its data too.
 *
 * @internal
 */
export const isServerSentEvent = (first: object): boolean => {
  const { data, event, type } = first as Record<string, unknown>
  if (isFields(data) && !Array.isArray(data)) {
    return onlyEventFields(first) && type === undefined && (typeof event === "string" || Array.isArray(data.choices))
  }
  if (typeof data !== "string") return data === undefined && typeof event === "string" && onlyEventFields(first)
  return onlyEventFields(first) && (type === undefined || type === "event" || type === "message" || type === "error")
}

const eventFields = new Set([
  "data",
  "event",
  "id",
  "retry",
  "type",
  "_tag",
  "raw",
  "comment",
  "comments",
  "lastEventId"
])

const onlyEventFields = (first: object): boolean => {
  for (const key in first) if (!eventFields.has(key) && Object.hasOwn(first, key)) return false
  return true
}
