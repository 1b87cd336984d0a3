/**
 * A doubly linked list of what carries its own links, so that anything leaves it in one step wherever it stands.
 *
 * @internal
 */
export interface Linked<Self> {
  previous: Self | undefined
  next: Self | undefined
}

/** @internal */
export class LinkedList<Item extends Linked<Item>> {
  first: Item | undefined = undefined
  last: Item | undefined = undefined
  size = 0

  push(item: Item): void {
    item.previous = this.last
    item.next = undefined
    if (this.last === undefined) this.first = item
    else this.last.next = item
    this.last = item
    this.size++
  }

  remove(item: Item): void {
    const { next, previous } = item
    if (previous === undefined) this.first = next
    else previous.next = next
    if (next === undefined) this.last = previous
    else next.previous = previous
    item.previous = undefined
    item.next = undefined
    this.size--
  }
}
