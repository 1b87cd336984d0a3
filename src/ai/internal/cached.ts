/**
 * A model's turn through a response cache: what its key is, and how its answer is written down.
 *
 * @internal
 */
import * as LanguageModel from "@effect/ai/LanguageModel"
import * as Prompt from "@effect/ai/Prompt"
import * as Response from "@effect/ai/Response"
import * as Tool from "@effect/ai/Tool"
import * as Toolkit from "@effect/ai/Toolkit"
import * as Effect from "effect/Effect"
import * as JSONSchema from "effect/JSONSchema"
import * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import type { DeadlineExceeded } from "../../Rejection.js"
import * as ResponseCache from "../../ResponseCache.js"
import type { Options } from "./toolCalls.js"

/** How turns are kept. @internal */
export interface TurnCache {
  readonly cache: ResponseCache.ResponseCache["Type"]
  readonly times: ResponseCache.TimeOptions
  /** Whose answers they are, and whatever else keeps them apart. */
  readonly about: unknown
}

/** Answers that call tools are not kept, so their parts need no schema. */
const Content = Schema.Array(Response.Part(Toolkit.empty))
const StreamPart = Response.StreamPart(Toolkit.empty) as Schema.Schema<Response.AnyPart, unknown>
const Text = Schema.Struct({ content: Content })

/** One schema for each of the caller's, since calls of the same schema are the same call. */
const objects = new WeakMap<object, Schema.Schema<Kept, unknown, unknown>>()

interface Kept {
  readonly content: ReadonlyArray<Response.AnyPart>
  readonly value?: unknown
}

const schemaOf = (options: TurnOptions): Schema.Schema<Kept, unknown, unknown> => {
  const { schema } = options
  if (schema === undefined) return Text as Schema.Schema<Kept, unknown, unknown>
  const known = objects.get(schema)
  if (known !== undefined) return known
  const made = Schema.Struct({ content: Content, value: schema }) as Schema.Schema<Kept, unknown, unknown>
  objects.set(schema, made)
  return made
}

/** What the adapter knows of the options of a turn. @internal */
export interface TurnOptions extends Options {
  readonly prompt?: Prompt.RawInput
  readonly toolChoice?: unknown
  readonly objectName?: string
  readonly schema?: Schema.Schema<unknown, unknown, unknown>
}

/** Nothing for a turn that cannot be told from others. */
const keyOf = (method: string, { about }: TurnCache, options: TurnOptions): string | undefined => {
  const { objectName, prompt, schema, toolChoice, toolkit } = options
  if (prompt === undefined || (toolkit !== undefined && Effect.isEffect(toolkit))) return undefined
  try {
    const tools = toolkit === undefined ? [] : Object.values(toolkit.tools)
    return ResponseCache.keyOf({
      about,
      method,
      prompt: Schema.encodeSync(Prompt.Prompt)(Prompt.make(prompt)),
      tools: tools.map((tool) => [tool.name, tool.description, Tool.getJsonSchema(tool as never)]),
      toolChoice,
      objectName,
      schema: schema && JSONSchema.make(schema)
    })
  } catch {
    return undefined
  }
}

/** @internal */
export const cachedTurn = <E, R>(
  turns: TurnCache,
  method: string,
  options: TurnOptions,
  turn: Effect.Effect<Kept, E, R>
): Effect.Effect<Kept, E | DeadlineExceeded, unknown> => {
  const key = keyOf(method, turns, options)
  if (key === undefined) return turn
  return Effect.map(
    turns.cache.through(turn, { ...turns.times, key, schema: schemaOf(options) }),
    ({ state, value }) => (state === "live" ? value : restored(value))
  )
}

const restored = ({ content, value }: Kept): Kept =>
  value === undefined
    ? new LanguageModel.GenerateTextResponse(content as never)
    : new LanguageModel.GenerateObjectResponse(value, content as never)

/** @internal */
export const cachedStream = <E, R>(
  turns: TurnCache,
  options: TurnOptions,
  stream: Stream.Stream<Response.AnyPart, E, R>
): Stream.Stream<Response.AnyPart, E, R> => {
  const key = keyOf("streamText", turns, options)
  if (key === undefined) return stream
  const { fresh, staleIfError } = turns.times
  return turns.cache.throughStream(stream, { fresh, staleIfError, key, schema: StreamPart })
}

/** A prompt that can be read but once is read here, since a turn may be asked for more than once. @internal */
export const readOnce = <O>(options: O): O => {
  const { prompt } = options as TurnOptions
  return prompt === undefined ? options : { ...options, prompt: Prompt.make(prompt) }
}
