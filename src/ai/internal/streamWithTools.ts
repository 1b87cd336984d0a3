import type * as Response from "@effect/ai/Response"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { type Options, resolveToolCalls } from "./toolCalls.js"

type Part = Response.AnyPart

/**
 * A turn as a stream, and then the tools it asked for. They run once the turn is complete, so that a turn which breaks
 * off has had no effects. The `finish` part waits for them, as it is the last of a stream.
 *
 * @internal
 */
export const streamWithTools = <E>(
  options: Options,
  turn: (options: Options) => Stream.Stream<Part, E, unknown>
): Stream.Stream<Part, unknown, unknown> => {
  if (options.toolkit === undefined || options.disableToolCallResolution === true) return turn(options)
  const resolved = Effect.isEffect(options.toolkit) ? options.toolkit : Effect.succeed(options.toolkit)
  return Stream.unwrap(
    Effect.map(resolved, (toolkit) => {
      const calls: Array<Part> = []
      const finish: Array<Part> = []
      const parts = Stream.mapChunks(turn({ ...options, toolkit, disableToolCallResolution: true }), (chunk) =>
        Chunk.filter(chunk, (part) => {
          if (part.type === "tool-call") calls.push(part)
          else if (part.type === "finish") finish.push(part)
          return part.type !== "finish"
        })
      )
      const results = Effect.suspend(() => resolveToolCalls(calls, toolkit, options.concurrency))
      return Stream.concat(
        parts,
        Stream.unwrap(Effect.map(results, (results) => Stream.fromIterable([...results, ...finish])))
      )
    })
  )
}
