/**
 * The file of a recording, made to be read and compared by people: JSON is written as JSON, server-sent events one by one,
 * and only what is neither as text or, where it is no text, as base64. What is read back has the bytes that were written.
 */
import { Buffer } from "node:buffer"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { says } from "../../internal/options/allowed.js"
import { mistakesOf, sentenceOf } from "../../internal/options/mistakes.js"

const after = Schema.NonNegative.annotations(says("a number of milliseconds"))

const Event = Schema.Struct({ event: Schema.optional(Schema.String), data: Schema.Unknown })

/** What came at once. `after` is in milliseconds since what came before it. */
const Piece = Schema.Union(
  Schema.Struct({ after, events: Schema.Array(Event) }),
  Schema.Struct({ after, text: Schema.String }),
  Schema.Struct({ after, base64: Schema.String }),
  Schema.Struct({ after, json: Schema.Unknown })
)

/** @internal */
export type Piece = typeof Piece.Type

/** An error and what it came of, as far as anybody reads it. @internal */
export interface Thrown {
  readonly name: string
  readonly message: string
  readonly code?: string | undefined
  readonly cause?: Thrown | undefined
}

const Thrown: Schema.Schema<Thrown> = Schema.Struct({
  name: Schema.String,
  message: Schema.String,
  code: Schema.optional(Schema.String),
  cause: Schema.optional(Schema.suspend((): Schema.Schema<Thrown> => Thrown))
})

const Headers = Schema.Record({ key: Schema.String, value: Schema.String })

const Asked = Schema.Struct({
  method: Schema.String,
  url: Schema.String,
  headers: Headers,
  body: Schema.optional(Schema.Unknown)
})

/** @internal */
export type Asked = typeof Asked.Type

/** How a body came to its end: whole, broken by an error, or left by its reader. */
const End = Schema.Union(Schema.Literal("complete", "left"), Schema.Struct({ after, error: Thrown }))

/** @internal */
export type End = typeof End.Type

const Answered = Schema.TaggedStruct("Answered", {
  after,
  status: Schema.Int.pipe(Schema.between(100, 999)).annotations(says("a status from 100 to 999")),
  headers: Headers,
  body: Schema.Array(Piece),
  end: End
})

/** There was no response: the request failed, or its caller left first. */
const Failed = Schema.TaggedStruct("Failed", { after, error: Thrown })
const Left = Schema.TaggedStruct("Left", { after })

const Exchange = Schema.Struct({ request: Asked, response: Schema.Union(Answered, Failed, Left) })

/** @internal */
export type Answered = typeof Answered.Type

/** @internal */
export type Exchange = typeof Exchange.Type

const File = Schema.Struct({
  format: Schema.Literal("effect-resilience/recording/1"),
  exchanges: Schema.Array(Exchange)
}).annotations({ parseOptions: { onExcessProperty: "error", errors: "all" } })

const read = Schema.decodeUnknownEither(File)

/** What somebody has edited by hand, or why it is no recording. @internal */
export const parse = (text: string): Either.Either<ReadonlyArray<Exchange>, string> =>
  Either.try({
    try: () => JSON.parse(text) as unknown,
    catch: (error) => `it is no JSON: ${(error as Error).message}`
  }).pipe(
    Either.flatMap((json) =>
      Either.mapBoth(read(json), {
        onLeft: (error) => mistakesOf(error, "it").map(sentenceOf).join("; "),
        onRight: ({ exchanges }) => exchanges
      })
    )
  )

/** @internal */
export const print = (exchanges: ReadonlyArray<Exchange>): string =>
  `${JSON.stringify({ format: "effect-resilience/recording/1", exchanges }, null, 2)}\n`

/**
 * Bytes as the most readable form that gives back the same. What is `whole` may be spaced anew where it is JSON.
 *
 * @internal
 */
export const piece = (after: number, bytes: Buffer, whole: boolean): Piece => {
  const text = bytes.toString("utf8")
  if (!Buffer.from(text).equals(bytes)) return { after, base64: bytes.toString("base64") }
  const json = jsonOf(text)
  if (json !== undefined && (whole || JSON.stringify(json.value) === text)) return { after, json: json.value }
  const events = eventsOf(text)
  return events === undefined ? { after, text } : { after, events }
}

/** @internal */
export const bytesOf = (piece: Piece): Buffer => {
  if ("base64" in piece) return Buffer.from(piece.base64, "base64")
  if ("text" in piece) return Buffer.from(piece.text)
  if ("json" in piece) return Buffer.from(JSON.stringify(piece.json))
  return Buffer.from(piece.events.map(eventText).join(""))
}

/** Of JSON only what stands between its values may change. @internal */
export const jsonOf = (text: string): { readonly value: unknown } | undefined => {
  if (!/^\s*[{[]/.test(text)) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return squeezed(JSON.stringify(value)) === squeezed(text) ? { value } : undefined
  } catch {
    return undefined
  }
}

const squeezed = (json: string): string => json.replace(/\s/g, "")

type Event = typeof Event.Type

const eventText = ({ data, event }: Event): string =>
  `${event === undefined ? "" : `event: ${event}\n`}data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`

const eventsOf = (text: string): ReadonlyArray<Event> | undefined => {
  if (!/^(?:event|data): /.test(text) || !text.endsWith("\n\n")) return undefined
  const events = text.slice(0, -2).split("\n\n").map(eventOf)
  return events.map(eventText).join("") === text ? events : undefined
}

const eventOf = (text: string): Event => {
  const [, event, data = ""] = /^(?:event: (.*)\n)?data: ([\s\S]*)$/.exec(text) ?? []
  return { ...(event !== undefined && { event }), data: jsonOf(data)?.value ?? data }
}
