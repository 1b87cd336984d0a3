/**
 * What is decided by a name alone, decided once for each name.
 *
 * @internal
 */

/** More than any clients and upstreams send, unless somebody makes names up; then all is forgotten and decided anew. */
const mostNames = 512
/** A longer one is nobody's usual header, and is not kept. */
const longestName = 64

/** @internal */
export const decided = (decide: (name: string) => boolean): ((name: string) => boolean) => {
  const known = new Map<string, boolean>()
  return (name) => {
    const before = known.get(name)
    if (before !== undefined) return before
    const now = decide(name)
    if (name.length > longestName) return now
    if (known.size >= mostNames) known.clear()
    known.set(name, now)
    return now
  }
}
