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

const mostStack = 8_192
const aFrame = /^\s{1,8}at .{1,300}:\d{1,9}(?::\d{1,9})?\)?$/

/**
 * The frames of an error behind its words: these are cut off, since they may hold a prompt. Writing frames costs as much
 * as the whole reading of a failure.
 *
 * @internal
 */
export const framesOf = (thrown: unknown): string => {
  const stack = Foreign.text(thrown, "stack") ?? ""
  const words = Foreign.text(thrown, "message") ?? ""
  const from = stack.indexOf(words)
  const frames = stack.slice(from + words.length, from + words.length + mostStack)
  // Words that were changed afterwards cannot be cut off.
  if (from === -1 || !/^[\w$.]*(?: \[\w+\])?(?:: )?$/.test(stack.slice(0, from)) || !frames.startsWith("\n")) return ""
  const lines = frames.split("\n").slice(1)
  const end = lines.findIndex((line) => !aFrame.test(line))
  return lines
    .slice(0, end === -1 ? lines.length : end)
    .map((line) => `\n${line}`)
    .join("")
}
