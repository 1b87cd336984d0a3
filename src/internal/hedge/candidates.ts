/**
 * Who may be asked next in a hedged call.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import { failureOf } from "../errors/failureOf.js"
import { traits } from "../errors/traits.js"
import { fits, type Named, type Needed, needs, tooSmall } from "../fallback/nextTarget.js"
import type { Seen } from "./decide.js"
import type { Because } from "./report.js"

/** @internal */
export interface Candidate extends Named {
  /** Whether the target would take a call now: its circuit is not open, and it has not asked to be left alone. */
  readonly ready?: Effect.Effect<boolean> | undefined
}

/** Whether a target would take a call that says nothing of it itself. @internal */
export type AskReady = (target: string) => Effect.Effect<boolean>

/** @internal */
export class Candidates<T extends Candidate> {
  private left: ReadonlyArray<T>
  private needed: Needed | undefined = undefined

  constructor(
    others: ReadonlyArray<T>,
    private readonly askReady: AskReady,
    /** One failure for each that cannot do what the call needs. */
    private readonly unable: ReadonlyArray<Seen>
  ) {
    this.left = others
  }

  hasMore(): boolean {
    return this.left.some((candidate) => fits(candidate, this.needed))
  }

  /** What a prompt that was too long for one target tells of the others. */
  failed(candidate: T, failure: unknown): void {
    const error = failureOf(failure)
    if (traits(error).otherTarget === "largerWindow") this.needed = needs(this.needed, candidate, error)
  }

  /** The first that is ready. After a failure it may be one that is not: nobody but its own policies knows for sure. */
  take(because: Because): Effect.Effect<T | undefined> {
    const fitting = this.left.filter((candidate) => fits(candidate, this.needed))
    return Effect.map(this.firstReady(fitting), (ready) => {
      const taken = ready ?? (because === "failure" ? fitting[0] : undefined)
      if (taken === undefined) return undefined
      const at = this.left.indexOf(taken)
      this.left = this.left.filter((_, index) => index !== at)
      return taken
    })
  }

  putBack(candidate: T): void {
    this.left = [candidate, ...this.left]
  }

  /** One failure for each that nobody asked, since the prompt would not fit it or it cannot do what is needed. */
  passedOver(): ReadonlyArray<Seen> {
    const { needed, unable } = this
    if (needed === undefined) return unable
    const small = this.left
      .filter((candidate) => !fits(candidate, needed))
      .map((candidate) => ({ target: candidate.name, error: tooSmall(candidate, needed), asked: false }))
    return [...small, ...unable]
  }

  unasked(): ReadonlyArray<string> {
    return this.left.filter((candidate) => fits(candidate, this.needed)).map(({ name }) => name)
  }

  private firstReady(candidates: ReadonlyArray<T>): Effect.Effect<T | undefined> {
    const [candidate, ...others] = candidates
    if (candidate === undefined) return Effect.succeed(undefined)
    return Effect.flatMap(candidate.ready ?? this.askReady(candidate.name), (ready) =>
      ready ? Effect.succeed(candidate) : this.firstReady(others)
    )
  }
}
