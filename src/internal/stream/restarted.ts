import * as Data from "effect/Data"

/**
 * Stands in a stream where an answer starts over: everything since the last one, or since the beginning, is to be
 * forgotten.
 *
 * @since 0.1.0
 * @category Models
 */
export class Restarted extends Data.TaggedClass("Restarted")<{
  readonly target: string
  /** The attempt that follows, counted from 1. */
  readonly attempt: number
  /** Why the attempt before it failed. */
  readonly error: unknown
}> {}

/** Elements are of others' making, and may throw when they are looked at. @internal */
export const isRestarted = (element: unknown): element is Restarted => {
  try {
    return element instanceof Restarted
  } catch {
    return false
  }
}
