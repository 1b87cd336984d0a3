import type { Effort, Measured } from "../measure.js"

/** One question about cost, put to everyone who has an answer. */
export interface Shape {
  readonly title: string
  /** What is done, in a sentence or two. */
  readonly about: string
  readonly unit: "time" | "bytes"
  readonly run: (effort: Effort) => Promise<ReadonlyArray<Measured>>
}
