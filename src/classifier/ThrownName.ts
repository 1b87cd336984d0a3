/**
 * What something unknown that was thrown is called: a bug in the caller's own code is found by that.
 */
import * as Foreign from "../internal/errors/safeRead.js"

/** Names that say nothing: what hangs on such an error may say more. */
const saysNothing = new Set(["Error", "AggregateError", "UnknownException", "FiberFailure", "Object", "Function"])

const mostWrappers = 8

/**
 * As a code the name of its class, or what it calls itself; of what has none, a word for it. Never its own words, which
 * may quote a prompt.
 *
 * @internal
 */
export const thrownAs = (thrown: unknown): { readonly code: string } | { readonly thrown: string } => {
  if (thrown === null || thrown === undefined) return { thrown: `${thrown} was thrown` }
  if (!Foreign.isObject(thrown)) return { thrown: `a ${typeof thrown} was thrown` }
  let value: unknown = thrown
  for (let at = 0; at < mostWrappers && Foreign.isObject(value); at++) {
    const name = nameOf(value)
    if (name !== undefined) return { code: name }
    value = Foreign.get(value, "cause") ?? Foreign.get(value, "error")
  }
  return { thrown: Foreign.isError(thrown) ? "an Error was thrown" : "an object was thrown" }
}

const nameOf = (value: object): string | undefined =>
  [Foreign.text(value, "constructor", "name"), Foreign.text(value, "name"), Foreign.text(value, "_tag")].find(
    (name) => name !== undefined && /^[A-Z][A-Za-z]{1,59}$/.test(name) && !saysNothing.has(name)
  )
