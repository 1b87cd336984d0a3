/**
 * Who waits before which circuit of a breaker, to be told when it has changed.
 *
 * @internal
 */
export class WaitingCalls {
  private readonly byKey = new Map<string, Set<() => void>>()

  listen(key: string, listener: () => void): () => void {
    const known = this.byKey.get(key)
    const listeners = known ?? new Set()
    if (known === undefined) this.byKey.set(key, listeners)
    listeners.add(listener)
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0 && this.byKey.get(key) === listeners) this.byKey.delete(key)
    }
  }

  /** In the order in which they came. One that begins to wait again is told the next time. */
  tell(key: string): void {
    if (this.byKey.size === 0) return
    for (const listener of [...(this.byKey.get(key) ?? [])]) listener()
  }
}
