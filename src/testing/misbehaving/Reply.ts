/**
 * What the provider answers when it behaves, and what it tells a reply function about the request.
 */
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"

/**
 * The ways to talk to the provider.
 *
 * @since 0.1.0
 * @category Models
 */
export type Dialect =
  | "openai-chat"
  | "openai-responses"
  | "openai-embeddings"
  | "anthropic"
  | "gemini"
  | "gemini-embeddings"
  | "cohere"
  | "cohere-embeddings"
  | "ollama"
  | "ollama-embeddings"
  | "bedrock"

const count = Schema.Int.pipe(Schema.nonNegative()).annotations({ description: "a whole number, 0 or more" })

/**
 * The answer of the model, in no particular dialect. `json` is sent as the dialect sends structured output: as text, or
 * as the call of the tool that was asked for. With neither `text`, `json`, `toolCalls` nor `refusal` the answer is empty.
 *
 * `finish` says why the model stopped (default `stop`, or `toolCalls` where there are any). `usage` is counted from the
 * texts where it is not given: a token for every four characters.
 *
 * @since 0.1.0
 * @category Models
 */
export const Reply = Schema.Struct({
  text: Schema.optional(Schema.String),
  json: Schema.optional(Schema.Unknown),
  toolCalls: Schema.optional(
    Schema.Array(
      Schema.Struct({
        name: Schema.NonEmptyString,
        arguments: Schema.Record({ key: Schema.String, value: Schema.Unknown })
      })
    )
  ),
  refusal: Schema.optional(Schema.String),
  finish: Schema.optional(Schema.Literal("stop", "length", "toolCalls", "contentFilter", "refusal")),
  usage: Schema.optional(
    Schema.Struct({
      inputTokens: count,
      outputTokens: count,
      cachedInputTokens: Schema.optional(count),
      reasoningTokens: Schema.optional(count)
    })
  )
})

/**
 * @since 0.1.0
 * @category Models
 */
export type Reply = typeof Reply.Type

/**
 * A request as a reply function sees it.
 *
 * @since 0.1.0
 * @category Models
 */
export interface ProviderRequest {
  readonly dialect: Dialect
  readonly model: string
  readonly streaming: boolean
  /** The text of the last message. */
  readonly prompt: string
  /** The characters of all texts of the request. */
  readonly characters: number
  /** The tools the model may call. */
  readonly tools: ReadonlyArray<ToolOffer>
  /** The tool the model has to call: a name, or any of them. */
  readonly mustCall: string | "any" | undefined
  /** The JSON schema the answer has to follow; `null` where any JSON will do. */
  readonly jsonSchema: unknown
  /** The body as it came. */
  readonly body: Readonly<Record<string, unknown>>
}

/**
 * @since 0.1.0
 * @category Models
 */
export interface ToolOffer {
  readonly name: string
  readonly schema: unknown
}

/** @internal */
export interface ToolCall {
  readonly id: string
  readonly name: string
  readonly arguments: Readonly<Record<string, unknown>>
}

/** A reply with everything decided, ready to be put into a dialect. @internal */
export interface Answer {
  readonly id: string
  readonly created: number
  readonly request: ProviderRequest
  readonly text: string
  readonly refusal: string
  readonly toolCalls: ReadonlyArray<ToolCall>
  readonly finish: "stop" | "length" | "toolCalls" | "contentFilter" | "refusal"
  readonly usage: {
    readonly inputTokens: number
    readonly outputTokens: number
    readonly cachedInputTokens: number
    readonly reasoningTokens: number
  }
}

const tokens = (characters: number): number => Math.ceil(characters / 4)

const isRecord = (u: unknown): u is Readonly<Record<string, unknown>> => Predicate.isRecord(u)

/** @internal */
export const complete = (reply: Reply, request: ProviderRequest, index: number, created: number): Answer => {
  const asTool = reply.json !== undefined && request.jsonSchema === undefined ? demandedTool(request) : undefined
  const calls = [
    ...(reply.toolCalls ?? []),
    ...(asTool === undefined ? [] : [{ name: asTool, arguments: isRecord(reply.json) ? reply.json : {} }])
  ]
  const text = reply.text ?? (reply.json !== undefined && asTool === undefined ? JSON.stringify(reply.json) : "")
  const written = text.length + calls.reduce((sum, call) => sum + JSON.stringify(call.arguments).length, 0)
  return {
    id: `embedded${index}`,
    created,
    request,
    text,
    refusal: reply.refusal ?? "",
    toolCalls: calls.map((call, i) => ({ id: `call_embedded${index}_${i}`, ...call })),
    finish: reply.finish ?? (reply.refusal === undefined ? (calls.length > 0 ? "toolCalls" : "stop") : "refusal"),
    usage: {
      inputTokens: reply.usage?.inputTokens ?? tokens(request.characters),
      outputTokens: reply.usage?.outputTokens ?? tokens(written),
      cachedInputTokens: reply.usage?.cachedInputTokens ?? 0,
      reasoningTokens: reply.usage?.reasoningTokens ?? 0
    }
  }
}

/** Some clients, all of Anthropic's among them, ask for structured output by making the model call a tool. */
const demandedTool = (request: ProviderRequest): string | undefined =>
  request.mustCall === "any" ? request.tools[0]?.name : request.mustCall

/** How a text comes in pieces: a word each, with the blanks that follow it. @internal */
export const words = (text: string): ReadonlyArray<string> => text.match(/\s*\S+\s*/gu) ?? (text === "" ? [] : [text])

/** How JSON comes in pieces: a few characters each, wherever that cuts it. @internal */
export const fragments = (json: string, size = 8): ReadonlyArray<string> => {
  const characters = Array.from(json)
  return Array.from({ length: Math.ceil(characters.length / size) }, (_, i) =>
    characters.slice(i * size, (i + 1) * size).join("")
  )
}
