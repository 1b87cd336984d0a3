/**
 * A doubly linked list of what carries its own links, so that anything leaves it in one step wherever it stands.
 *
 * @internal
 */
export interface Linked {
  previous: Linked | undefined
  next: Linked | undefined
}

/** @internal */
export class LinkedList<Item extends Linked> {
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
    if (previous === undefined) this.first = next as Item | undefined
    else previous.next = next
    if (next === undefined) this.last = previous as Item | undefined
    else next.previous = previous
    item.previous = undefined
    item.next = undefined
    this.size--
  }

  *[Symbol.iterator](): IterableIterator<Item> {
    for (let item = this.first; item !== undefined; item = item.next as Item | undefined) yield item
  }
}
