/**
 * What is kept of an answer: the answer itself, encoded; whose it is; and since when.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"

const Kept = Schema.parseJson(
  Schema.Struct({ v: Schema.Literal(1), at: Schema.Number, by: Schema.optional(Schema.String), answer: Schema.Unknown })
)

/** @internal */
export interface Entry<A> {
  readonly value: A
  /** The target that answered, if that is known. */
  readonly target: string | undefined
  /** Milliseconds of the `Clock`. */
  readonly at: number
}

/** @internal */
export const encode = <A, I, R>(
  schema: Schema.Schema<A, I, R>,
  { at, target, value }: Entry<A>
): Effect.Effect<string, ParseResult.ParseError, R> =>
  Effect.flatMap(Schema.encode(schema)(value), (answer) =>
    Schema.encode(Kept)({ v: 1, at, answer, ...(target !== undefined && { by: target }) })
  )

/** Nothing, for what another version or another program has written. @internal */
export const decode = <A, I, R>(
  schema: Schema.Schema<A, I, R>,
  text: string
): Effect.Effect<Entry<A> | undefined, never, R> => {
  const kept = Schema.decodeUnknownEither(Kept)(text)
  if (Either.isLeft(kept)) return Effect.succeed(undefined)
  const { answer, at, by } = kept.right
  return Effect.matchEffect(Schema.decodeUnknown(schema)(answer), {
    onFailure: () => Effect.succeed(undefined),
    onSuccess: (value) => Effect.succeed({ value, target: by, at })
  })
}
