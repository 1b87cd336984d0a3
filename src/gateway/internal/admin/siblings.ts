/**
 * The processes that are one gateway: what can be asked of each of them, and what they answer together.
 *
 * @internal
 */
import type * as Effect from "effect/Effect"
import type { Standing } from "./api.js"

/** What whoever runs the gateway has told it, and holds until it is told otherwise. @internal */
export type Order =
  | { readonly ask: "isolate"; readonly target: string }
  | { readonly ask: "release"; readonly target: string }
  | { readonly ask: "reset"; readonly target: string }
  | { readonly ask: "observeOnly"; readonly on: boolean; readonly target?: string | undefined }

/** @internal */
export type Question = { readonly ask: "state" } | { readonly ask: "metrics" } | Order

/** Whether the target of an order is known. @internal */
export type AnswerTo<Q extends Question> = Q extends { readonly ask: "state" }
  ? Standing
  : Q extends { readonly ask: "metrics" }
    ? string
    : boolean

/** @internal */
export interface AnswerOf<A> {
  /** Nothing where there is but one process. */
  readonly worker: number | undefined
  readonly answer: A
}

/** Asks every process, this one included. One that gives no answer in time is left out. @internal */
export type AskAll = <Q extends Question>(question: Q) => Effect.Effect<ReadonlyArray<AnswerOf<AnswerTo<Q>>>>

/** One process's own answer. @internal */
export type Answers = <Q extends Question>(question: Q) => Effect.Effect<AnswerTo<Q>>
