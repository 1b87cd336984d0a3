/**
 * Looking into values that somebody else made. A getter or a proxy may throw, an object may contain itself; whatever
 * happens, reading gives `undefined`.
 */

import * as Cause from "effect/Cause"

const attempt = <A>(read: () => A): A | undefined => {
  try {
    return read()
  } catch {
    return undefined
  }
}

const isReference = (value: unknown): value is object =>
  (typeof value === "object" && value !== null) || typeof value === "function"

/** @internal */
export const get = (value: unknown, ...path: ReadonlyArray<PropertyKey>): unknown => {
  let found = value
  for (const key of path) {
    if (!isReference(found)) return undefined
    found = at(found, key)
  }
  return found
}

const at = (value: object, key: PropertyKey): unknown => {
  try {
    return Reflect.get(value, key)
  } catch {
    return undefined
  }
}

/** @internal */
export const has = (value: unknown, key: PropertyKey): boolean => {
  if (!isReference(value)) return false
  try {
    return Reflect.has(value, key)
  } catch {
    return false
  }
}

/** @internal */
export const text = (value: unknown, ...path: ReadonlyArray<PropertyKey>): string | undefined => {
  const found = get(value, ...path)
  return typeof found === "string" ? found : undefined
}

/** @internal */
export const items = (value: unknown, most: number): ReadonlyArray<unknown> => {
  if (!isList(value)) return []
  const length = get(value, "length")
  const found: Array<unknown> = []
  for (let at = 0; at < Math.min(typeof length === "number" ? length : 0, most); at++) found.push(get(value, at))
  return found
}

/** @internal */
export const isObject = (value: unknown): value is object => isReference(value)

/**
 * The error itself: within a span Effect lets it fail as a proxy, which is equal to nothing and a key of nothing.
 *
 * @internal
 */
export const original = <A>(error: A): A => attempt(() => Cause.originalError(error)) ?? error

/** @internal */
export const satisfies = <A>(value: unknown, guard: (u: unknown) => u is A): value is A =>
  attempt(() => guard(value)) === true

/**
 * What a value calls itself: `_tag`, `name`, and the name of its class, which is all that some clients leave.
 *
 * @internal
 */
export const names = (value: unknown): ReadonlyArray<string> =>
  [text(value, "_tag"), text(value, "name"), text(value, "constructor", "name")].filter((name) => name !== undefined)

/**
 * An HTTP status, where it really is one.
 *
 * @internal
 */
export const status = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isInteger(value) && value >= 100 && value <= 599 ? value : undefined

/** How much of a foreign value is copied at most. */
const most = { depth: 16, objects: 96, items: 256, entries: 2_000, text: 65_536 }

/**
 * A copy of what somebody's data holds under the given names: plain, bounded, free of getters, proxies and cycles.
 * Nothing is asked for the names it has, since listing them takes as long as there are many.
 *
 * @internal
 */
export const snapshot = (value: unknown, names: ReadonlyArray<string>): unknown => {
  let entries = 0
  let objects = 0
  const copy = (from: unknown, depth: number): unknown => {
    if (typeof from === "string") return clipped(from)
    if (typeof from === "number" || typeof from === "boolean" || from === null) return from
    if (typeof from !== "object" || depth >= most.depth || objects++ >= most.objects) return undefined
    const bytes = bytesOf(from)
    if (bytes !== undefined) return attempt(() => new TextDecoder().decode(ends(bytes)))
    if (isList(from)) {
      const list: Array<unknown> = []
      for (const item of items(from, most.items)) {
        if (entries++ >= most.entries) break
        list.push(copy(item, depth + 1))
      }
      return list
    }
    const to: Record<string, unknown> = {}
    for (const name of names) {
      const held = at(from, name)
      if (held === undefined || typeof held === "function") continue
      if (entries++ >= most.entries) break
      const item = copy(held, depth + 1)
      if (item !== undefined) to[name] = item
    }
    return to
  }
  return copy(value, 0)
}

/** Failures say what they are at their beginning or, where they quote, at their end. */
const clipped = (text: string): string =>
  text.length <= most.text ? text : `${text.slice(0, (most.text * 3) / 4)}\n${text.slice(-most.text / 4)}`

const ends = (bytes: Uint8Array): Uint8Array => {
  if (bytes.length <= most.text) return bytes
  const kept = new Uint8Array(most.text)
  kept.set(bytes.subarray(0, (most.text * 3) / 4))
  kept.set(bytes.subarray(bytes.length - most.text / 4), (most.text * 3) / 4)
  return kept
}

/**
 * Bytes, whatever view of them it is.
 *
 * @internal
 */
export const bytesOf = (value: unknown): Uint8Array | undefined =>
  attempt(() => {
    if (value instanceof Uint8Array) return value
    if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    return value instanceof ArrayBuffer ? new Uint8Array(value) : undefined
  })

/** How much of somebody's headers is read at most. */
const mostHeaders = { count: 256, text: 4_096, values: 16 }

/**
 * Headers as a plain record with names in lower case, from a `Headers`, a map or pairs; a record is asked for
 * what the caller names, who is told how much of that there is.
 *
 * @internal
 */
export const record = (
  headers: unknown,
  ask: (read: (names: ReadonlyArray<string>) => number) => void
): Readonly<Record<string, string>> => {
  const to: Record<string, string> = {}
  if (!isObject(headers) || isBytes(headers)) return to
  const put = (name: unknown, value: unknown): boolean => {
    if (value === undefined) return false
    const held = isList(value) ? items(value, mostHeaders.values).filter(isScalar).join(", ") : value
    if (typeof name !== "string" || name.length > 256 || !isScalar(held)) return false
    to[name.toLowerCase()] = `${held}`.slice(0, mostHeaders.text).trim()
    return true
  }
  attempt(() => {
    if (typeof get(headers, Symbol.iterator) === "function") {
      let count = 0
      for (const pair of headers as Iterable<unknown>) {
        if (count++ >= mostHeaders.count) break
        put(get(pair, 0), get(pair, 1))
      }
      return
    }
    const each = get(headers, "forEach")
    if (typeof each === "function") each.call(headers, (value: unknown, name: unknown) => put(name, value))
    else ask((names) => names.reduce((found, name) => found + Number(put(name, at(headers, name))), 0))
  })
  return to
}

const isScalar = (value: unknown): value is string | number => typeof value === "string" || typeof value === "number"

/**
 * Whether there is something under one of these names.
 *
 * @internal
 */
export const hasAny = (value: unknown, names: ReadonlyArray<string>): boolean =>
  isObject(value) && names.some((name) => get(value, name) !== undefined)

/**
 * The fields of an object that hold something.
 *
 * @internal
 */
export const defined = (value: object): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(value).filter(([, held]) => held !== undefined))

/** @internal */
export const isList = (value: unknown): value is ReadonlyArray<unknown> => attempt(() => Array.isArray(value)) === true

/** @internal */
export const isBytes = (value: unknown): value is ArrayBufferView | ArrayBuffer => bytesOf(value) !== undefined

/** @internal */
export const isError = (value: unknown): value is Error => attempt(() => value instanceof Error) === true
