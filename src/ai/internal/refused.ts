import type * as Response from "@effect/ai/Response"
import * as Chunk from "effect/Chunk"
import * as Stream from "effect/Stream"
import { ContentFiltered, type LlmError } from "../../internal/errors/llmError.js"
import * as StreamDialect from "../../StreamDialect.js"

type Part = Response.AnyPart

/** The failure that an answer which arrived whole says of itself, as a stream of the same parts would. @internal */
export const failureIn = (answer: unknown): LlmError | undefined => {
  const { content } = answer as { readonly content?: ReadonlyArray<Part> }
  if (!Array.isArray(content)) return undefined
  for (const part of content) {
    const { error } = StreamDialect.ai.read(part)
    if (error !== undefined) return error
  }
  return undefined
}

/**
 * A stream that tells of a refusal.
 *
 * `@effect/ai-openai` drops the words in which a model refuses. What is left is a message that was begun and ends
 * without a word, which no other answer of that layer is.
 *
 * @internal
 */
export const tellingRefusals = <E, R>(target: string, self: Stream.Stream<Part, E, R>): Stream.Stream<Part, E, R> =>
  Stream.suspend(() => {
    let begun = false
    let spoken = false
    const told = (part: Part): Part => {
      if (spoken) return part
      if (part.type === "text-start") begun ||= "openai" in part.metadata
      else if (part.type === "finish") return begun && part.reason === "stop" ? refusal(target) : part
      else spoken = StreamDialect.ai.read(part).kind === "content"
      return part
    }
    return Stream.mapChunks(self, (chunk) => (spoken ? chunk : Chunk.map(chunk, told)))
  })

const refusal = (target: string): Part =>
  ({
    type: "error",
    error: new ContentFiltered({
      target,
      provider: "openai",
      by: "refusal",
      code: "refusal",
      message: `${target} refused to answer`
    })
  }) as unknown as Part
