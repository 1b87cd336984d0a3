/**
 * What a walk keeps of the targets that it has asked.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import { isRejection } from "../errors/rejection.js"
import { CurrentDeadline } from "../time/deadline.js"
import { noteFailure } from "../time/watchedDeadline.js"
import type { Walk } from "./nextTarget.js"
import type { Options } from "./types.js"

/** @internal */
export type StickyTo = Options["sticky"]

/** This target has answered. @internal */
export const answered = (
  sticky: StickyTo,
  { index, targets }: Walk<{ readonly name: string }>
): Effect.Effect<void> | undefined => sticky?.memory.answered(sticky.key, targets[index]!.name)

/** The last failure of a target's own outlives a deadline around the walk. @internal */
export const noted = (failure: unknown): Effect.Effect<void> =>
  Effect.map(CurrentDeadline, (deadline) => {
    if (!isRejection(failure)) noteFailure(deadline, failure)
  })
