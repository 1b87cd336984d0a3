import * as Duration from "effect/Duration"
import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

const unprintedFields = new WeakSet<object>()

/**
 * A field that a program may read by its name, and that neither a copy (`{ ...error }`) nor a way of printing that asks
 * the error nothing (`console.dir`) comes across.
 *
 * @internal
 */
export const unprinted = <Field extends object>(field: Field): Field => {
  unprintedFields.add(field)
  return field
}

/**
 * An unprinted field that no encoding carries either: it is left out on the way to JSON and is absent on the way back.
 *
 * @internal
 */
export const unencoded = <A>(type: Schema.Schema<A>): Unencoded<A> =>
  unprinted(
    Schema.optionalToOptional(Schema.Unknown, Schema.UndefinedOr(Schema.typeSchema(type)), {
      decode: absent,
      encode: absent
    })
  )

/** @internal */
export type Unencoded<A> = Schema.PropertySignature<"?:", A | undefined, never, "?:", unknown, false, never>

const absent = (): Option.Option<never> => Option.none()

/** @internal */
export const redacted: Schema.Schema<Redacted.Redacted<unknown>> = Schema.RedactedFromSelf(Schema.Unknown)

/**
 * A time to wait, in milliseconds, or the word `Infinity`, for which JSON has no number.
 *
 * @internal
 */
export const Wait: Schema.Schema<Duration.Duration, number | "Infinity"> = Schema.transform(
  Schema.Union(Schema.NonNegative, Schema.Literal("Infinity")),
  Schema.DurationFromSelf,
  {
    strict: true,
    decode: (wait) => (wait === "Infinity" ? Duration.infinity : Duration.millis(wait)),
    encode: (wait) => (Duration.isFinite(wait) ? Duration.toMillis(wait) : "Infinity")
  }
)

/**
 * `Schema.TaggedError`, with one difference: however the error is printed (`JSON.stringify`, `util.inspect`,
 * `console.log`, a logger), only its encoded fields appear. What an error knows about the request it came from must not
 * reach a log by accident.
 *
 * @internal
 */
export const Failure =
  <Self>() =>
  <Tag extends string, Fields extends Schema.Struct.Fields>(
    tag: Tag,
    fields: Fields
  ): Schema.TaggedErrorClass<Self, Tag, { readonly _tag: Schema.tag<Tag> } & Fields> => {
    const Base = Schema.TaggedError<Error>(`effect-resilience/${tag}`)(tag, fields) as unknown as new (
      ...args: ReadonlyArray<unknown>
    ) => Error
    const unprintedNames = Object.keys(fields).filter((name) => unprintedFields.has(fields[name] as object))
    class PrintsEncoded extends Base {
      constructor(...args: ReadonlyArray<unknown>) {
        super(...args)
        for (const name of unprintedNames) hide(this, name)
        // Effect keeps what an error was made of in a field of its own, which tools that print everything print.
        for (const kept of Object.getOwnPropertySymbols(this)) withoutFields(this, kept, unprintedNames)
      }
      toJSON(): unknown {
        return Schema.encodeUnknownSync(this.constructor as unknown as Schema.Schema<unknown>)(this)
      }
      [Inspectable.NodeInspectSymbol](): unknown {
        return `${this.stack} ${Inspectable.format(this.toJSON())}`
      }
    }
    for (const name of unprintedNames) Object.defineProperty(PrintsEncoded.prototype, name, fromKept(name))
    return PrintsEncoded as never
  }

/** What an error that was made the short way does not print: a function, so that nothing comes across its values. */
const kept = Symbol("effect-resilience/kept")

type Fields = Readonly<Record<string, unknown>>

const keptBy = (error: object): Fields => (error as { [kept]?: () => Fields })[kept]?.() ?? {}

const fromKept = (name: string): PropertyDescriptor => ({
  get(this: object) {
    return keptBy(this)[name]
  },
  set(this: object, value: unknown) {
    Object.defineProperty(this, name, { value, enumerable: true, configurable: true, writable: true })
  },
  configurable: true
})

/**
 * An error of this class, as its constructor would make it of fields that are known to be right: nothing is checked, no
 * stack is walked that would only show where it was read, and what it does not print is made when it is asked for. So is
 * its stack, where `frames` are known.
 *
 * @internal
 */
export const made = <E extends Error>(
  Class: { readonly prototype: E },
  fields: Fields & { readonly message: string },
  unprinted: () => Fields,
  frames?: () => string
): E => {
  const error = withoutStack(fields.message, Class, frames === undefined ? 0 : undefined)
  for (const name in fields) if (name !== "message") (error as unknown as Record<string, unknown>)[name] = fields[name]
  let held: Fields | undefined
  const value = (): Fields => {
    held ??= unprinted()
    return held
  }
  Object.defineProperty(error, kept, { value, enumerable: false })
  if (frames === undefined) return error
  Object.defineProperty(error, keptFrames, { value: frames, enumerable: false })
  return Object.defineProperty(error, "stack", stack)
}

const keptFrames = Symbol("effect-resilience/frames")

/** One for all errors, so that they stay alike. */
const stack: PropertyDescriptor = {
  get(this: Error & { [keptFrames]?: () => string }) {
    return `${this.name}: ${this.message}${this[keptFrames]?.() ?? ""}`
  },
  set(this: Error, value: unknown) {
    Object.defineProperty(this, "stack", { value, enumerable: false, configurable: true, writable: true })
  },
  enumerable: false,
  configurable: true
}

/** Without a limit an error has no stack at all, and with a limit of 0 one of its first line. */
const withoutStack = <E extends Error>(
  message: string,
  { prototype }: { readonly prototype: E },
  limit: 0 | undefined
): E => {
  const { stackTraceLimit } = Error
  const restore = typeof stackTraceLimit === "number" && limitStack(limit)
  const error = Reflect.construct(Error, [message], prototype.constructor)
  if (restore) limitStack(stackTraceLimit)
  return error
}

/** A realm that is locked down keeps its limit. */
const limitStack = (frames: number | undefined): boolean => {
  try {
    Error.stackTraceLimit = frames as number
    return true
  } catch {
    return false
  }
}

/**
 * The same error with some of its fields changed, or taken out where `undefined` is given.
 *
 * @internal
 */
export const remade = <E extends Error>(error: E, changes: Fields): E => {
  const all: Record<string, unknown> = { ...fieldsOf(error), ...changes }
  const hidden: Record<string, unknown> = {}
  const shown: Record<string, unknown> & { message: string } = { message: `${all.message}` }
  const { fields } = error.constructor as unknown as { readonly fields: Schema.Struct.Fields }
  for (const name of Object.keys(all)) {
    if (all[name] === undefined) continue
    if (unprintedFields.has(fields[name] as object)) hidden[name] = all[name]
    else shown[name] = all[name]
  }
  return made({ prototype: Object.getPrototypeOf(error) as E }, shown, () => hidden)
}

const withoutFields = (error: Error, symbol: symbol, names: ReadonlyArray<string>): void => {
  const kept: unknown = Reflect.get(error, symbol)
  if (typeof kept !== "object" || kept === null) return
  for (const name of names) Reflect.deleteProperty(kept, name)
}

/** A getter, since Node prints an array called `errors` even where it is not enumerable. */
const hide = (error: Error, name: string): void => {
  const descriptor = Object.getOwnPropertyDescriptor(error, name)
  if (descriptor === undefined) return
  Object.defineProperty(error, name, { get: () => descriptor.value, enumerable: false, configurable: true })
}

/**
 * All that an error was made of, by name: what `{ ...error }` would be if nothing were hidden.
 *
 * @internal
 */
export const fieldsOf = (error: object): Readonly<Record<string, unknown>> => {
  const { fields } = error.constructor as unknown as { readonly fields: Schema.Struct.Fields }
  return Object.fromEntries(Object.keys(fields).map((name) => [name, (error as Record<string, unknown>)[name]]))
}
