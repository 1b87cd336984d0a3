import { Effect, Stream } from "effect"
import { LlmCall, Resilience } from "effect-resilience"
import { fewer, measure } from "../measure.js"
import * as ours from "../peers/resilience.js"
import type { Shape } from "./shape.js"

/** A provider's stream: the network hands over a batch, the reader hands on one element at a time. */
async function* source(elements: number): AsyncGenerator<number> {
  for (let i = 0; i < elements; i++) yield i
}

const bare = (elements: number) => Stream.fromAsyncIterable(source(elements), (error) => error)

const drained = (make: (elements: number) => Stream.Stream<unknown, unknown>) => (elements: number) =>
  Effect.runPromise(Stream.runDrain(Stream.suspend(() => make(elements))))

const asked = (elements: number) => LlmCall.tryStream({ target: ours.target, try: () => source(elements) })

const guarded = (elements: number) =>
  Resilience.protectStream(asked(elements), ours.target, { firstToken: "20 seconds", idle: "10 seconds" })

const shapeOf = (elements: number): Shape => ({
  title: `A stream of ${elements.toLocaleString("en").replaceAll(",", " ")} elements`,
  about: "From an async iterable to the end of the stream; the time is per element.",
  unit: "time",
  run: async (effort) => {
    const stack = ours.withDefaults()
    const measured = await measure(
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
        },
        { name: "LlmCall.tryStream", batch: drained(asked) },
        {
          name: "effect-resilience: first-token and idle timeouts, the defaults",
          batch: (count) => stack.runPromise(Stream.runDrain(Stream.suspend(() => guarded(count))))
        }
      ],
      elements,
      elements > 10_000 ? fewer(effort) : effort
    )
    await stack.dispose()
    return measured
  }
})

export const streams: ReadonlyArray<Shape> = [shapeOf(1_000), shapeOf(100_000)]
