/**
 * The script language: what the provider does with one call.
 *
 * A step is plain data. The constructors below only add the tag, so a script can just as well be read from a file.
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { LlmError } from "../../internal/errors/llmError.js"
import { durationOf } from "../../internal/options/check.js"
import { isLlmError } from "../../LlmError.js"
import { Problem } from "./Problem.js"
import { Reply } from "./Reply.js"

/** A point or a length of time. @internal */
export const Time: Schema.Schema<Duration.DurationInput> = Schema.declare(
  (u: unknown): u is Duration.DurationInput => Option.exists(durationOf(u), Duration.isFinite),
  { identifier: "DurationInput", description: 'a finite duration such as "2 seconds" or a number of milliseconds' }
)

const Latency = Schema.TaggedStruct("Latency", { median: Time, p95: Time })

const isTime = Schema.is(Time)
const isLatency = Schema.is(Latency)

/**
 * A time that is another one for each call.
 *
 * @since 0.1.0
 * @category Models
 */
export type Latency = typeof Latency.Type

// One schema and no union, so that what is wrong is told of both in one sentence.
const Wait = Schema.declare((u: unknown): u is Duration.DurationInput | Latency => isTime(u) || isLatency(u), {
  identifier: "Wait",
  description: 'a finite duration such as "2 seconds", a number of milliseconds, or Step.latency({ median, p95 })'
})

const wait = Schema.optional(Wait)
const time = Schema.optional(Time)

const whole = (from: number, to: number) =>
  Schema.Int.pipe(Schema.between(from, to)).annotations({ description: `a whole number from ${from} to ${to}` })

const position = whole(0, 1_000_000)

const HeaderName = Schema.String.pipe(Schema.pattern(/^[!#$%&'*+.^_`|~\w-]+$/)).annotations({
  description: "the name of a header"
})

const HeaderValue = Schema.String.pipe(Schema.pattern(/^[\t\x20-\x7e\x80-\xff]*$/)).annotations({
  description: "the value of a header, without line breaks"
})

/** What every step may say: how long until the headers, and headers to add to the provider's own. */
const heading = {
  delay: wait,
  headers: Schema.optional(Schema.Record({ key: HeaderName, value: HeaderValue }))
}

/** What a step that sends an answer may say besides: which answer, at what pace, and cut at which places. */
const sending = {
  ...heading,
  reply: Schema.optional(Reply),
  /** From the headers to the first content. */
  firstToken: wait,
  /** Before each further piece of content. */
  betweenChunks: wait,
  /** `events`: one write for each event. `anywhere`: writes that end anywhere, also within an event or a character. */
  boundaries: Schema.optional(Schema.Literal("events", "anywhere"))
}

const Answer = Schema.TaggedStruct("Answer", sending)
const Status = Schema.TaggedStruct("Status", {
  ...heading,
  status: whole(200, 599),
  /** A string is sent as it is, anything else as JSON. Default: the dialect's error envelope for the status. */
  body: Schema.optional(Schema.Unknown)
})
const RateLimited = Schema.TaggedStruct("RateLimited", { ...heading, retryAfter: time })
const Overloaded = Schema.TaggedStruct("Overloaded", {
  ...heading,
  retryAfter: time,
  status: Schema.optional(Schema.Literal(500, 503, 529))
})
const ServerError = Schema.TaggedStruct("ServerError", { ...heading, status: Schema.optional(whole(500, 599)) })
const QuotaExhausted = Schema.TaggedStruct("QuotaExhausted", heading)
const ContextLengthExceeded = Schema.TaggedStruct("ContextLengthExceeded", {
  ...heading,
  limit: Schema.optional(whole(1, 1_000_000_000)),
  requested: Schema.optional(whole(1, 1_000_000_000))
})
const ContentFiltered = Schema.TaggedStruct("ContentFiltered", {
  ...sending,
  by: Schema.optional(Schema.Literal("prompt", "completion", "refusal"))
})
const PrefillRejected = Schema.TaggedStruct("PrefillRejected", sending)
const InvalidKey = Schema.TaggedStruct("InvalidKey", heading)
const ModelNotFound = Schema.TaggedStruct("ModelNotFound", heading)
const ProxyPage = Schema.TaggedStruct("ProxyPage", { ...heading, status: Schema.optional(whole(400, 599)) })
const Reset = Schema.TaggedStruct("Reset", { delay: wait })
const Close = Schema.TaggedStruct("Close", { delay: wait })
const Stall = Schema.TaggedStruct("Stall", {})
const StallAfterHeaders = Schema.TaggedStruct("StallAfterHeaders", heading)
const StallAfterContent = Schema.TaggedStruct("StallAfterContent", { ...sending, after: position })
const KeepAlivesOnly = Schema.TaggedStruct("KeepAlivesOnly", {
  ...heading,
  every: time,
  times: Schema.optional(whole(1, 1_000_000))
})
const CutBody = Schema.TaggedStruct("CutBody", {
  ...sending,
  after: position,
  by: Schema.optional(Schema.Literal("close", "reset", "end"))
})
const MalformedEvent = Schema.TaggedStruct("MalformedEvent", { ...sending, at: position })
const OmitEndMarker = Schema.TaggedStruct("OmitEndMarker", {
  ...sending,
  keepFinishReason: Schema.optional(Schema.Boolean)
})
const ErrorInStream = Schema.TaggedStruct("ErrorInStream", {
  ...sending,
  after: position,
  problem: Schema.optional(Problem),
  envelope: Schema.optional(Schema.Literal("flat", "nested"))
})
const ErrorBodyIn200 = Schema.TaggedStruct("ErrorBodyIn200", { ...heading, problem: Schema.optional(Problem) })
const EmptyBody = Schema.TaggedStruct("EmptyBody", heading)
const TruncatedBody = Schema.TaggedStruct("TruncatedBody", sending)
const WrongContentType = Schema.TaggedStruct("WrongContentType", {
  ...sending,
  contentType: Schema.optional(Schema.NonEmptyString)
})
const Fail = Schema.TaggedStruct("Fail", {
  ...heading,
  error: Schema.declare((u: unknown): u is LlmError => isLlmError(u), {
    identifier: "LlmError",
    description: "an LlmError, such as new LlmError.Overloaded()"
  })
})
const Noise = Schema.TaggedStruct("Noise", {
  ...heading,
  bytes: Schema.optional(whole(1, 1_000_000_000)),
  status: Schema.optional(whole(200, 599))
})

/**
 * What the provider does with one call.
 *
 * @since 0.1.0
 * @category Models
 */
export const Step = Schema.Union(
  Answer,
  Status,
  RateLimited,
  Overloaded,
  ServerError,
  QuotaExhausted,
  ContextLengthExceeded,
  ContentFiltered,
  PrefillRejected,
  InvalidKey,
  ModelNotFound,
  ProxyPage,
  Reset,
  Close,
  Stall,
  StallAfterHeaders,
  StallAfterContent,
  KeepAlivesOnly,
  CutBody,
  MalformedEvent,
  OmitEndMarker,
  ErrorInStream,
  ErrorBodyIn200,
  EmptyBody,
  TruncatedBody,
  WrongContentType,
  Noise,
  Fail
).annotations({ description: "a step, such as Step.answer()" })

/**
 * @since 0.1.0
 * @category Models
 */
export type Step = typeof Step.Type

type Of<Tag extends Step["_tag"]> = Extract<Step, { readonly _tag: Tag }>

type Options<Tag extends Step["_tag"]> = Omit<Of<Tag>, "_tag">

/** A constructor whose options may be left out where all of them are optional. */
type Constructor<Tag extends Step["_tag"]> =
  {} extends Options<Tag> ? (options?: Options<Tag>) => Of<Tag> : (options: Options<Tag>) => Of<Tag>

const constructor = <Tag extends Step["_tag"]>(_tag: Tag): Constructor<Tag> =>
  ((options?: object) => ({ _tag, ...options })) as Constructor<Tag>

/**
 * The right answer. With `firstToken` and `betweenChunks` it is a slow one, with `boundaries: "anywhere"` one that
 * arrives in awkward pieces.
 *
 * @since 0.1.0
 * @category Answers
 */
export const answer: Constructor<"Answer"> = constructor("Answer")

/**
 * Any status with any headers and body. Without a body it is the dialect's error envelope for that status.
 *
 * @since 0.1.0
 * @category Statuses
 */
export const status: Constructor<"Status"> = constructor("Status")

/**
 * 429. `retryAfter` goes into `retry-after` in whole seconds, rounded up, and into `retry-after-ms` where it is not a whole
 * number of seconds. Without it there is no hint at all.
 *
 * @since 0.1.0
 * @category Statuses
 */
export const rateLimited: Constructor<"RateLimited"> = constructor("RateLimited")

/**
 * The provider has too little capacity: 503 from OpenAI, 529 from Anthropic, unless `status` says otherwise.
 *
 * @since 0.1.0
 * @category Statuses
 */
export const overloaded: Constructor<"Overloaded"> = constructor("Overloaded")

/**
 * 500, or another 5xx, in the dialect's own envelope.
 *
 * @since 0.1.0
 * @category Statuses
 */
export const serverError: Constructor<"ServerError"> = constructor("ServerError")

/**
 * The credit is used up: 429 from OpenAI, 400 from Anthropic.
 *
 * @since 0.1.0
 * @category Statuses
 */
export const quotaExhausted: Constructor<"QuotaExhausted"> = constructor("QuotaExhausted")

/**
 * 400: the prompt is too long for the model (`limit` defaults to 8192 tokens, `requested` to one more than the limit).
 *
 * @since 0.1.0
 * @category Statuses
 */
export const contextLengthExceeded: Constructor<"ContextLengthExceeded"> = constructor("ContextLengthExceeded")

/**
 * The content filter steps in. `by` says where: `prompt` (default) is a 400, `completion` a 200 that was cut off with the
 * filter's finish reason, `refusal` a 200 in which the model declines.
 *
 * @since 0.1.0
 * @category Statuses
 */
export const contentFiltered: Constructor<"ContentFiltered"> = constructor("ContentFiltered")

/**
 * 400 for a conversation that ends with words of the assistant, which the model is to go on with: newer models refuse to.
 * Any other request gets the right answer.
 *
 * @since 0.1.0
 * @category Statuses
 */
export const prefillRejected: Constructor<"PrefillRejected"> = constructor("PrefillRejected")

/**
 * 401: the API key is wrong.
 *
 * @since 0.1.0
 * @category Statuses
 */
export const invalidKey: Constructor<"InvalidKey"> = constructor("InvalidKey")

/**
 * 404: there is no such model.
 *
 * @since 0.1.0
 * @category Statuses
 */
export const modelNotFound: Constructor<"ModelNotFound"> = constructor("ModelNotFound")

/**
 * An html page from a proxy in front of the provider, with status 502 unless told otherwise.
 *
 * @since 0.1.0
 * @category Statuses
 */
export const proxyPage: Constructor<"ProxyPage"> = constructor("ProxyPage")

/**
 * Resets the connection (RST) before there is any response.
 *
 * @since 0.1.0
 * @category Connections
 */
export const reset: Constructor<"Reset"> = constructor("Reset")

/**
 * Closes the connection (FIN) before there is any response.
 *
 * @since 0.1.0
 * @category Connections
 */
export const close: Constructor<"Close"> = constructor("Close")

/**
 * Takes the request and never answers; it ends when the client leaves.
 *
 * @since 0.1.0
 * @category Connections
 */
export const stall: Constructor<"Stall"> = constructor("Stall")

/**
 * Sends a 200 with its headers and then nothing; it ends when the client leaves.
 *
 * @since 0.1.0
 * @category Connections
 */
export const stallAfterHeaders: Constructor<"StallAfterHeaders"> = constructor("StallAfterHeaders")

/**
 * Sends `after` pieces of content and then nothing; it ends when the client leaves.
 *
 * @since 0.1.0
 * @category Bodies
 */
export const stallAfterContent: Constructor<"StallAfterContent"> = constructor("StallAfterContent")

/**
 * A 200 in which only keep-alives come, one `every` second by default: SSE comments (Anthropic: pings) in a stream, blank
 * lines otherwise. With `times` the body ends after that many, without it when the client leaves.
 *
 * @since 0.1.0
 * @category Bodies
 */
export const keepAlivesOnly: Constructor<"KeepAlivesOnly"> = constructor("KeepAlivesOnly")

/**
 * Sends `after` pieces of content and ends the connection in the middle of the body: `by: "close"` (default) with a FIN,
 * `"reset"` with a RST, `"end"` with a proper end of the HTTP body, which no client can tell from the whole.
 *
 * @since 0.1.0
 * @category Bodies
 */
export const cutBody: Constructor<"CutBody"> = constructor("CutBody")

/**
 * Sends an event that is not JSON before content piece `at` (counted from 0), and goes on. A plain body is spoilt there.
 *
 * @since 0.1.0
 * @category Bodies
 */
export const malformedEvent: Constructor<"MalformedEvent"> = constructor("MalformedEvent")

/**
 * The whole answer without the dialect's end marker and, unless `keepFinishReason` is set, without the finish reason.
 * A plain body lacks its last part.
 *
 * @since 0.1.0
 * @category Bodies
 */
export const omitEndMarker: Constructor<"OmitEndMarker"> = constructor("OmitEndMarker")

/**
 * A 200 that after `after` pieces of content sends the dialect's error event for `problem` (default `overloaded`) and
 * ends. For the responses dialect `envelope` chooses between the documented form of that event (`flat`, the default) and
 * the one often seen, with the error `nested` in it. A plain answer becomes an error body in a 200.
 *
 * @since 0.1.0
 * @category Bodies
 */
export const errorInStream: Constructor<"ErrorInStream"> = constructor("ErrorInStream")

/**
 * A 200 whose body is the error envelope for `problem` (default `serverError`), also when a stream was asked for.
 *
 * @since 0.1.0
 * @category Bodies
 */
export const errorBodyIn200: Constructor<"ErrorBodyIn200"> = constructor("ErrorBodyIn200")

/**
 * A 200 without a body.
 *
 * @since 0.1.0
 * @category Bodies
 */
export const emptyBody: Constructor<"EmptyBody"> = constructor("EmptyBody")

/**
 * A body that stops half-way and still ends properly, as a truncating proxy leaves it.
 *
 * @since 0.1.0
 * @category Bodies
 */
export const truncatedBody: Constructor<"TruncatedBody"> = constructor("TruncatedBody")

/**
 * The right answer under the wrong content type (default `text/html`).
 *
 * @since 0.1.0
 * @category Bodies
 */
export const wrongContentType: Constructor<"WrongContentType"> = constructor("WrongContentType")

/**
 * `bytes` (default 10 000 000) of text that means nothing, with status 500 unless told otherwise.
 *
 * @since 0.1.0
 * @category Bodies
 */
export const noise: Constructor<"Noise"> = constructor("Noise")

/**
 * Fails as this error says. A scripted model fails with the error itself; on the wire it is what comes nearest to it: the
 * status and the envelope that are read as this error, a reset connection, or no answer for `TimedOut`.
 *
 * @since 0.1.0
 * @category Failures
 */
export const fail = (error: LlmError, options?: Omit<Options<"Fail">, "error">): Of<"Fail"> => ({
  _tag: "Fail",
  error,
  ...options
})

/**
 * A wait that is drawn for each call, in place of a duration: half of them are shorter than `median`, and one of twenty is
 * longer than `p95`, as with the long tails of real models (a log-normal distribution). The same seed draws the same times.
 *
 * @since 0.1.0
 * @category Waits
 */
export const latency = (options: Omit<Latency, "_tag">): Latency => ({ _tag: "Latency", ...options })
