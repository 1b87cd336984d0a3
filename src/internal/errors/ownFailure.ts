/**
 * Whether a value is one of the toolkit's own failures, and holds what the policies read of one. Something that was made
 * to look like one, or a proxy that throws, is somebody else's: it goes to the classifier, which survives anything.
 *
 * @internal
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import { isObject, satisfies, text } from "./safeRead.js"

/** A class of failures; its `prototype` is what `instanceof` looks for. */
interface Class {
  readonly _tag: string
  readonly prototype: object
}

/** @internal */
export const byTag = (classes: ReadonlyArray<Class>): ReadonlyMap<string, Class> =>
  new Map(classes.map((one) => [one._tag, one]))

/** @internal */
export const isOwnFailure = (value: unknown, classes: ReadonlyMap<string, Class>): boolean => {
  if (!isObject(value)) return false
  const found = classes.get(text(value, "_tag") ?? "")
  return found !== undefined && satisfies({ value, found }, isWhole)
}

const isWhole = (u: unknown): u is unknown => {
  const { found, value } = u as { readonly found: Class; readonly value: Readonly<Record<string, unknown>> }
  const { limit, message, requested, resetsAt, retryable, retryAfter } = value
  return (
    Object.prototype.isPrototypeOf.call(found.prototype, value) &&
    typeof message === "string" &&
    isAbsentOr(retryable, "boolean") &&
    isAbsentOr(limit, "number") &&
    isAbsentOr(requested, "number") &&
    (retryAfter === undefined || Duration.isDuration(retryAfter)) &&
    (resetsAt === undefined || DateTime.isDateTime(resetsAt))
  )
}

const isAbsentOr = (value: unknown, type: "boolean" | "number"): boolean => value === undefined || typeof value === type
