/**
 * What `LanguageModel` does with the tool calls of an answer, for an answer whose tool calls were left unresolved so
 * that the model's turn could be repeated on its own.
 *
 * @internal
 */
import * as Response from "@effect/ai/Response"
import type * as Tool from "@effect/ai/Tool"
import type * as Toolkit from "@effect/ai/Toolkit"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Concurrency } from "effect/Types"

/** @internal */
export type Tools = Record<string, Tool.Any>

/** Runs each tool call that is the application's to run, once, and gives the results in the order of the calls. */
export const resolveToolCalls = (
  content: ReadonlyArray<Response.AnyPart>,
  toolkit: Toolkit.WithHandler<Tools>,
  concurrency: Concurrency | undefined
): Effect.Effect<ReadonlyArray<Response.AnyPart>, unknown, unknown> =>
  Effect.forEach(
    content.filter((part) => part.type === "tool-call").filter((part) => part.providerExecuted !== true),
    (part) => {
      const tool = toolkit.tools[part.name]
      if (tool === undefined) return Effect.dieMessage(`The model called "${part.name}", which the toolkit lacks`)
      // A handler takes the parameters as the model sent them, and the answer holds them decoded.
      return Effect.flatMap(Schema.encodeUnknown(tool.parametersSchema)(part.params), (params) =>
        Effect.map(toolkit.handle(part.name, params as never), ({ encodedResult, isFailure, result }) =>
          Response.makePart("tool-result", {
            id: part.id,
            name: part.name,
            result,
            encodedResult,
            isFailure,
            providerExecuted: false,
            ...(part.providerName !== undefined && { providerName: part.providerName })
          })
        )
      )
    },
    { concurrency }
  )

/** What the adapter has to know of the options of a call; the rest goes through. @internal */
export interface Options {
  readonly toolkit?: Toolkit.WithHandler<Tools> | Effect.Effect<Toolkit.WithHandler<Tools>, unknown, unknown>
  readonly concurrency?: Concurrency | undefined
  readonly disableToolCallResolution?: boolean | undefined
}
