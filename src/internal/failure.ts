import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

/**
 * A field that a program may read and that no encoding carries: it is left out on the way to JSON and is absent on the
 * way back.
 *
 * @internal
 */
export const unencoded = <A>(type: Schema.Schema<A>): Unencoded<A> =>
  Schema.optionalToOptional(Schema.Unknown, Schema.UndefinedOr(Schema.typeSchema(type)), {
    decode: absent,
    encode: absent
  })

/** @internal */
export type Unencoded<A> = Schema.PropertySignature<"?:", A | undefined, never, "?:", unknown, false, never>

const absent = (): Option.Option<never> => Option.none()

/** @internal */
export const redacted: Schema.Schema<Redacted.Redacted<unknown>> = Schema.RedactedFromSelf(Schema.Unknown)

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
    const Base = Schema.TaggedError<Error>(`effect-resilience/${tag}`)(tag, fields) as unknown as new () => Error
    class PrintsEncoded extends Base {
      toJSON(): unknown {
        return Schema.encodeUnknownSync(this.constructor as unknown as Schema.Schema<unknown>)(this)
      }
      [Inspectable.NodeInspectSymbol](): unknown {
        return `${this.stack} ${Inspectable.format(this.toJSON())}`
      }
    }
    return PrintsEncoded as never
  }
