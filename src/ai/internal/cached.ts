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
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import { millis } from "../../internal/options/check.js"
import { type Names, refuseUnknown } from "../../internal/options/names.js"
import type { DeadlineExceeded } from "../../Rejection.js"
import * as ResponseCache from "../../ResponseCache.js"
import type { Options } from "./toolCalls.js"

/**
 * For how long turns are kept. What tells two turns apart is the prompt, the tools, the schema, the names of the targets,
 * and `add`; not what a provider's own configuration says, such as a temperature that is set for a part of a program.
 *
 * @since 0.1.0
 * @category Models
 */
export interface CachePolicy extends ResponseCache.TimeOptions {
  /** What else keeps answers apart: a tenant, a temperature. */
  readonly add?: unknown
}

const cachePolicy: Names<CachePolicy> = { fresh: true, staleIfError: true, staleWhileRevalidate: true, add: true }

/** @internal */
export const checkCache = (where: string, cache: CachePolicy): void => {
  refuseUnknown(where, "cache", cache, cachePolicy)
  const { fresh = 0, staleIfError = 0, staleWhileRevalidate = 0 } = cache
  millis(where, "cache.fresh", fresh)
  millis(where, "cache.staleIfError", staleIfError)
  millis(where, "cache.staleWhileRevalidate", staleWhileRevalidate)
}

/** How turns are kept. @internal */
export interface TurnCache {
  readonly cache: ResponseCache.ResponseCache["Type"]
  readonly times: ResponseCache.TimeOptions
  /** Whose answers they are, and whatever else keeps them apart. */
  readonly about: unknown
}

/** In the cache that is there, or else in a memory of its own. @internal */
export const turnCache = (
  { add, ...times }: CachePolicy,
  targets: ReadonlyArray<string>
): Effect.Effect<TurnCache, never, Scope.Scope> =>
  Effect.gen(function* () {
    const found = yield* Effect.serviceOption(ResponseCache.ResponseCache)
    const cache = Option.isSome(found)
      ? found.value
      : yield* Effect.provide(ResponseCache.make(times), ResponseCache.layerStoreMemory())
    return { cache, times, about: { targets, add } }
  })

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
const keyOf = (
  method: string,
  { about }: TurnCache,
  options: TurnOptions,
  needs: ReadonlyArray<string>
): string | undefined => {
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
      schema: schema && JSONSchema.make(schema),
      needs: needs.length === 0 ? undefined : needs
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
  needs: ReadonlyArray<string>,
  turn: Effect.Effect<Kept, E, R>
): Effect.Effect<Kept, E | DeadlineExceeded, unknown> => {
  const key = keyOf(method, turns, options, needs)
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
  needs: ReadonlyArray<string>,
  stream: Stream.Stream<Response.AnyPart, E, R>
): Stream.Stream<Response.AnyPart, E | DeadlineExceeded, R> => {
  const key = keyOf("streamText", turns, options, needs)
  if (key === undefined) return stream
  return turns.cache.throughStream(stream, { ...turns.times, key, schema: StreamPart })
}

/** A prompt that can be read but once is read here, since a turn may be asked for more than once. @internal */
export const readOnce = <O>(options: O): O => {
  const { prompt } = options as TurnOptions
  return prompt === undefined ? options : { ...options, prompt: Prompt.make(prompt) }
}
