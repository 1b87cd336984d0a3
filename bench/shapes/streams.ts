import { Effect, Stream } from "effect"
import { measure } from "../measure.js"
import type { Shape } from "./shape.js"

/** A provider's stream: the network hands over a batch, the reader hands on one element at a time. */
async function* source(elements: number): AsyncGenerator<number> {
  for (let i = 0; i < elements; i++) yield i
}

const bare = (elements: number) => Stream.fromAsyncIterable(source(elements), (error) => error)

const drained = (make: (elements: number) => Stream.Stream<unknown, unknown>) => (elements: number) =>
  Effect.runPromise(Stream.runDrain(Stream.suspend(() => make(elements))))

const shapeOf = (elements: number): Shape => ({
  title: `A stream of ${elements.toLocaleString("en").replaceAll(",", " ")} elements`,
  about: "From an async iterable to the end of the stream; the time is per element.",
  unit: "time",
  run: (effort) =>
    measure(
      [
        {
          name: "bare: for await",
          batch: async (count) => {
            for await (const _ of source(count));
          }
        },
        { name: "bare: Stream.fromAsyncIterable", batch: drained(bare) },
        {
          name: "Stream.timeoutFail at each element",
          batch: drained((count) => Stream.timeoutFail(bare(count), () => "late", "30 seconds")),
          share: 0.05
        }
      ],
      elements,
      { ...effort, batches: elements > 10_000 ? Math.min(effort.batches, 2) : effort.batches * 2 }
    )
})

export const streams: ReadonlyArray<Shape> = [shapeOf(1_000), shapeOf(100_000)]
