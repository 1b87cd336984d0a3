/**
 * Whether a name fits a pattern, in which a `*` stands for any letters.
 *
 * Each part is looked for where the one before it has ended, and never again, so that it takes no longer than the name is
 * long: names come from callers, and an expression would try every way in which a long one might fit.
 *
 * @internal
 */

/** @internal */
export const isPattern = (model: string): boolean => model.includes("*")

/** Of a pattern with at least one `*`. @internal */
export const fits = (pattern: string): ((name: string) => boolean) => {
  const parts = pattern.split("*")
  const first = parts[0] as string
  const last = parts.at(-1) as string
  const between = parts.slice(1, -1)
  return (name) => {
    if (!name.startsWith(first)) return false
    let at = first.length
    for (const part of between) {
      const found = name.indexOf(part, at)
      if (found === -1) return false
      at = found + part.length
    }
    return at + last.length <= name.length && name.endsWith(last)
  }
}
