import type { Effort, Measured } from "../measure.js"

/** One question about cost. */
export interface Question {
  readonly title: string
  /** What is done, in a sentence or two. */
  readonly about: string
  readonly unit: "time" | "bytes"
}

/** A question put to everyone who has an answer. */
export interface Shape extends Question {
  /** Whether somebody answers whose newest version demands a newer Node than the project does. */
  readonly newest?: boolean
  readonly run: (effort: Effort) => Promise<ReadonlyArray<Measured>>
}
