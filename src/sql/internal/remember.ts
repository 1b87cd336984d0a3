/** Calls or operations that are under way at a time. What is older than these is told without what was remembered. */
const most = 10_000

/** Keeps a value by number, and forgets the oldest beyond the bound. @internal */
export const remember = <A>(known: Map<number, A>, number: number, value: A): void => {
  if (known.size >= most) {
    const oldest = known.keys().next()
    if (!oldest.done) known.delete(oldest.value)
  }
  known.set(number, value)
}
