/**
 * What has been told by hand and still holds, for a worker that begins later.
 *
 * @internal
 */
import type { Order, Question } from "../admin/siblings.js"

/** @internal */
export class Orders {
  private readonly isolated = new Map<string, Order>()
  private observeAll: Order | undefined
  private readonly observe = new Map<string, Order>()

  given(question: Question): void {
    switch (question.ask) {
      case "isolate":
        this.isolated.set(question.target, question)
        return
      case "release":
        this.isolated.delete(question.target)
        return
      case "observeOnly":
        if (question.target !== undefined) this.observe.set(question.target, question)
        else {
          this.observe.clear()
          this.observeAll = question
        }
    }
  }

  /** In the order in which they have to be told. */
  get standing(): ReadonlyArray<Order> {
    const all = this.observeAll === undefined ? [] : [this.observeAll]
    return [...all, ...this.observe.values(), ...this.isolated.values()]
  }
}
