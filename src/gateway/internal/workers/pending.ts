/**
 * Questions to another process that have no answer yet.
 *
 * @internal
 */
import * as Effect from "effect/Effect"

/** @internal */
export class Pending {
  private last = 0
  private readonly waiting = new Map<number, (answer: unknown) => void>()

  /** Sends a question under a number of its own, and waits for what is told of it. */
  ask<A>(send: (id: number) => void): Effect.Effect<A> {
    return Effect.async((resume) => {
      const id = ++this.last
      this.waiting.set(id, (answer) => resume(Effect.succeed(answer as A)))
      send(id)
      return Effect.sync(() => this.waiting.delete(id))
    })
  }

  told(id: number, answer: unknown): void {
    const tell = this.waiting.get(id)
    this.waiting.delete(id)
    tell?.(answer)
  }
}
