import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { readByFiber } from "./fiberReader.js"
import { type Opened, opensReader, ReaderTypeId } from "./reader.js"

/**
 * A stream in whose place another may run, as each run decides; where none does, it is read as it would have been.
 *
 * @internal
 */
export const unlessStream = <A, E, R, E2>(
  self: Stream.Stream<A, E, R>,
  instead: (fiber: Fiber.RuntimeFiber<unknown, unknown>) => Stream.Stream<A, E | E2, R> | undefined
): Stream.Stream<A, E | E2, R> => {
  const alone = Stream.unwrap(
    Effect.withFiberRuntime<Stream.Stream<A, E | E2, R>>((fiber) => Effect.succeed(instead(fiber) ?? self))
  )
  if (!opensReader(self)) return alone
  const open: Opened<A, E | E2, R> = Effect.withFiberRuntime((fiber) => {
    const other = instead(fiber)
    return other === undefined ? self[ReaderTypeId] : readByFiber(other)
  })
  return Object.assign(alone, { [ReaderTypeId]: open })
}
