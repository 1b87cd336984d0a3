import * as Predicate from "effect/Predicate"

type Schema = Readonly<Record<string, unknown>>

const isSchema = (u: unknown): u is Schema => Predicate.isRecord(u)

/** Deep enough for any real schema, and an end for one that contains itself. */
const deepest = 24

/**
 * A value that follows a JSON schema, always the same one: what the provider answers when structured output is asked
 * for and nobody said what it should be.
 *
 * @internal
 */
export const sample = (schema: unknown): unknown => {
  const root = isSchema(schema) ? schema : {}

  const resolve = (reference: string): unknown =>
    reference
      .replace(/^#\/?/, "")
      .split("/")
      .filter((part) => part !== "")
      .reduce<unknown>((at, part) => (isSchema(at) ? at[decodeURIComponent(part)] : undefined), root)

  const go = (schema: unknown, depth: number): unknown => {
    if (!isSchema(schema) || depth > deepest) return null
    if ("const" in schema) return schema.const
    if (Array.isArray(schema.enum)) return schema.enum[0]
    if ("default" in schema) return schema.default
    if (Predicate.isString(schema.$ref)) return go(resolve(schema.$ref), depth + 1)
    const choice = schema.anyOf ?? schema.oneOf
    if (Array.isArray(choice)) return go(simplest(choice), depth + 1)
    if (Array.isArray(schema.allOf)) {
      return go({ ...schema, allOf: undefined, ...Object.assign({}, ...schema.allOf.filter(isSchema)) }, depth + 1)
    }
    const type = Array.isArray(schema.type) ? schema.type[0] : schema.type
    if (type === "object" || isSchema(schema.properties)) return object(schema, depth)
    switch (type) {
      case "array":
        return Array.from({ length: number(schema.minItems) ?? 1 }, () => go(schema.items ?? {}, depth + 1))
      case "string":
        return text(schema)
      case "integer":
      case "number":
        return numeric(schema, type === "integer")
      case "boolean":
        return true
      default:
        return null
    }
  }

  const object = (schema: Schema, depth: number): unknown => {
    const properties = isSchema(schema.properties) ? schema.properties : {}
    const required = Array.isArray(schema.required) ? schema.required : []
    return Object.fromEntries(
      Object.entries(properties)
        .filter(([name]) => required.includes(name))
        .map(([name, property]) => [name, go(property, depth + 1)])
    )
  }

  return go(root, 0)
}

/** A branch that does not lead back into the schema, if there is one. */
const simplest = (choices: ReadonlyArray<unknown>): unknown =>
  choices.find(
    (choice) => isSchema(choice) && !("$ref" in choice) && choice.type !== "array" && choice.type !== "null"
  ) ??
  choices.find((choice) => isSchema(choice) && !("$ref" in choice)) ??
  choices[0]

const number = (u: unknown): number | undefined => (Predicate.isNumber(u) ? u : undefined)

const formats: Readonly<Record<string, string>> = {
  date: "2026-01-31",
  time: "12:00:00Z",
  "date-time": "2026-01-31T12:00:00Z",
  email: "embedded@example.com",
  uri: "https://example.com/",
  uuid: "00000000-0000-4000-8000-000000000000"
}

const text = (schema: Schema): string => {
  const word = Predicate.isString(schema.format) ? (formats[schema.format] ?? "embedded") : "embedded"
  return word.padEnd(number(schema.minLength) ?? 0, ".").slice(0, number(schema.maxLength))
}

const numeric = (schema: Schema, whole: boolean): number => {
  const step = whole ? 1 : 0.5
  const above = number(schema.exclusiveMinimum)
  const below = number(schema.exclusiveMaximum)
  const least = number(schema.minimum) ?? (above === undefined ? undefined : above + step)
  const most = number(schema.maximum) ?? (below === undefined ? undefined : below - step)
  const multiple = number(schema.multipleOf) ?? step
  const wanted = Math.min(Math.max(1, least ?? 1), most ?? Number.MAX_VALUE)
  return Math.ceil(wanted / multiple) * multiple
}
