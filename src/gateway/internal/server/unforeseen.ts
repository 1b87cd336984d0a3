/**
 * What nobody has foreseen: it ends one request and no process, and no client waits for its answer for ever.
 *
 * @internal
 */
import type { IncomingMessage, ServerResponse } from "node:http"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import type { Problem } from "./problem.js"
import { refuse } from "./refuse.js"

const failed: Problem = { status: 500, message: "The gateway has failed. Please try again later." }

/** @internal */
export const answerUnforeseen = (request: IncomingMessage, response: ServerResponse): void => {
  if (response.writableEnded) return
  // A stream that has begun can say no other way that it is not whole.
  if (response.headersSent) response.destroy()
  else refuse(request, response, failed)
}

/** Tells whoever runs the gateway where it happened. What is said of it may quote what somebody has sent. @internal */
export const logUnforeseen = (cause: Cause.Cause<never>): Effect.Effect<void> => {
  const defects = Chunk.toReadonlyArray(Cause.defects(cause))
  return defects.length === 0
    ? Effect.void
    : Effect.logError(`The gateway has failed, which is a mistake in it: ${defects.map(placeOf).join("; ")}`)
}

const placeOf = (defect: unknown): string =>
  defect instanceof Error
    ? [defect.name, ...(defect.stack?.split("\n").filter((line) => /^\s+at /.test(line)) ?? [])].join("\n")
    : typeof defect
