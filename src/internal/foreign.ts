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
  let at = value
  for (const key of path) {
    if (!isReference(at)) return undefined
    const owner = at
    at = attempt(() => Reflect.get(owner, key))
  }
  return at
}

/** @internal */
export const has = (value: unknown, key: PropertyKey): boolean =>
  isReference(value) && attempt(() => Reflect.has(value, key)) === true

/** @internal */
export const text = (value: unknown, ...path: ReadonlyArray<PropertyKey>): string | undefined => {
  const found = get(value, ...path)
  return typeof found === "string" ? found : undefined
}

/** @internal */
export const items = (value: unknown, most: number): ReadonlyArray<unknown> =>
  attempt(() => (Array.isArray(value) ? value.slice(0, most) : [])) ?? []

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
const most = { depth: 16, entries: 2_000, text: 262_144 }

/**
 * A copy of somebody's data that is safe to walk: plain, bounded, free of getters, proxies and cycles.
 *
 * @internal
 */
export const snapshot = (value: unknown): unknown => {
  let entries = 0
  const copy = (from: unknown, depth: number): unknown => {
    if (typeof from === "string") return from.length > most.text ? from.slice(0, most.text) : from
    if (typeof from === "number" || typeof from === "boolean" || from === null) return from
    if (typeof from !== "object" || depth >= most.depth) return undefined
    if (isBytes(from)) return from
    const list = isList(from)
    const keys = attempt(() => Object.keys(from)) ?? []
    const to: Record<string, unknown> = {}
    const array: Array<unknown> = []
    for (const key of keys) {
      if (entries++ >= most.entries) break
      const item = copy(get(from, key), depth + 1)
      if (list) array.push(item)
      else if (item !== undefined && key !== "__proto__") to[key] = item
    }
    return list ? array : to
  }
  return attempt(() => copy(value, 0))
}

/**
 * Headers as a plain record, from a record, a `Headers` or a map.
 *
 * @internal
 */
export const record = (headers: unknown): Readonly<Record<string, string>> => {
  const to: Record<string, string> = {}
  if (!isObject(headers)) return to
  const put = (name: unknown, value: unknown): void => {
    const held = Array.isArray(value) ? value.join(", ") : value
    if (typeof name === "string" && (typeof held === "string" || typeof held === "number"))
      to[name.toLowerCase()] = `${held}`
  }
  const each = get(headers, "forEach")
  attempt(() => {
    if (typeof each === "function" && !Array.isArray(headers))
      each.call(headers, (value: unknown, name: unknown) => put(name, value))
    else for (const [name, value] of Object.entries(headers).slice(0, 200)) put(name, value)
  })
  return to
}

/** @internal */
export const keys = (value: unknown): ReadonlyArray<string> =>
  isObject(value) ? (attempt(() => Object.keys(value)) ?? []) : []

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
export const isBytes = (value: unknown): value is Uint8Array => attempt(() => value instanceof Uint8Array) === true

/** @internal */
export const isError = (value: unknown): value is Error => attempt(() => value instanceof Error) === true
