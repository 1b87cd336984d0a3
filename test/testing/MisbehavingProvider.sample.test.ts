/** What the provider makes up where structured output is asked for and nobody said what it should be. */
import { Tool } from "@effect/ai"
import { it } from "@effect/vitest"
import { Arbitrary, Effect, FastCheck as fc, Schema } from "effect"
import { sample } from "effect-resilience/testing/misbehaving/Sample"
import { describe, expect } from "vitest"

interface Tree {
  readonly name: string
  readonly children: ReadonlyArray<Tree>
}

const Tree = Schema.Struct({
  name: Schema.String,
  children: Schema.Array(Schema.suspend((): Schema.Schema<Tree> => Tree))
}).annotations({ identifier: "Tree" })

interface Linked {
  readonly value: number
  readonly next: Linked | null
}

const Linked = Schema.Struct({
  value: Schema.Number,
  next: Schema.NullOr(Schema.suspend((): Schema.Schema<Linked> => Linked))
}).annotations({ identifier: "Linked" })

const schemas: Readonly<Record<string, Schema.Schema.AnyNoContext>> = {
  struct: Schema.Struct({ text: Schema.String, flag: Schema.Boolean, nothing: Schema.Null }),
  optional: Schema.Struct({ here: Schema.String, gone: Schema.optional(Schema.Number) }),
  numbers: Schema.Struct({
    atLeast: Schema.Number.pipe(Schema.greaterThanOrEqualTo(7)),
    above: Schema.Int.pipe(Schema.greaterThan(3)),
    below: Schema.Number.pipe(Schema.lessThan(-2)),
    between: Schema.Number.pipe(Schema.between(0.2, 0.4)),
    steps: Schema.Number.pipe(Schema.multipleOf(25))
  }),
  strings: Schema.Struct({
    long: Schema.String.pipe(Schema.minLength(30)),
    short: Schema.String.pipe(Schema.maxLength(3)),
    id: Schema.UUID
  }),
  lists: Schema.Struct({
    some: Schema.Array(Schema.Int),
    many: Schema.Array(Schema.String).pipe(Schema.minItems(4)),
    pair: Schema.Tuple(Schema.String, Schema.Number)
  }),
  choice: Schema.Struct({
    level: Schema.Literal("low", "high"),
    either: Schema.Union(Schema.Struct({ _tag: Schema.Literal("A"), n: Schema.Number }), Schema.String),
    maybe: Schema.NullOr(Schema.String)
  }),
  record: Schema.Record({ key: Schema.String, value: Schema.Number }),
  recursive: Tree,
  linked: Linked
}

describe("sample", () => {
  it.each(Object.entries(schemas))("follows the schema: %s", (_name, schema) => {
    const value = sample(Tool.getJsonSchemaFromSchemaAst(schema.ast))
    expect(Schema.decodeUnknownEither(schema)(value)).toMatchObject({ _tag: "Right" })
    expect(sample(Tool.getJsonSchemaFromSchemaAst(schema.ast))).toEqual(value)
  })

  it("follows what other writers of schemas use: const, default, allOf, a list of types", () => {
    expect(
      sample({
        type: "object",
        properties: {
          kind: { const: "event" },
          unit: { type: "string", default: "C" },
          both: { allOf: [{ type: "integer" }, { minimum: 12 }] },
          maybe: { type: ["string", "null"] },
          when: { type: "string", format: "date-time" }
        },
        required: ["kind", "unit", "both", "maybe", "when"]
      })
    ).toEqual({ kind: "event", unit: "C", both: 12, maybe: "embedded", when: "2026-01-31T12:00:00Z" })
  })

  it.prop("ends, and is JSON, whatever it is given for a schema", [Arbitrary.make(Schema.Unknown)], ([schema]) => {
    expect(() => JSON.stringify(sample(schema))).not.toThrow()
  })

  it.effect("ends where a schema leads nowhere but into itself", () =>
    Effect.sync(() => {
      expect(sample({ $ref: "#" })).toBe(null)
      expect(sample({ type: "object", properties: { me: { $ref: "#" } }, required: ["me"] })).toHaveProperty("me.me.me")
    })
  )

  it.prop(
    "a number lies between the bounds that leave room for one",
    [fc.integer({ min: -50, max: 50 }), fc.nat(50)],
    ([from, room]) => {
      const value = sample({ type: "integer", minimum: from, maximum: from + room }) as number
      expect(value).toBeGreaterThanOrEqual(from)
      expect(value).toBeLessThanOrEqual(from + room)
    }
  )
})
