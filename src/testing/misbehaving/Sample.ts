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

  // The references on the way to where we are, so that a list of what we are in the middle of can be left empty.
  const within = new Set<string>()

  const follow = (reference: string, depth: number): unknown => {
    const known = within.has(reference)
    within.add(reference)
    const value = go(resolve(reference), depth + 1)
    if (!known) within.delete(reference)
    return value
  }

  const go = (schema: unknown, depth: number): unknown => {
    if (!isSchema(schema) || depth > deepest) return null
    if ("const" in schema) return schema.const
    if (Array.isArray(schema.enum)) return schema.enum[0]
    if ("default" in schema) return schema.default
    if (Predicate.isString(schema.$ref)) return follow(schema.$ref, depth)
    const choice = schema.anyOf ?? schema.oneOf
    if (Array.isArray(choice)) return go(simplest(choice), depth + 1)
    if (Array.isArray(schema.allOf)) {
      return go({ ...schema, allOf: undefined, ...Object.assign({}, ...schema.allOf.filter(isSchema)) }, depth + 1)
    }
    const type = Array.isArray(schema.type) ? schema.type[0] : schema.type
    if (type === "object" || isSchema(schema.properties)) return object(schema, depth)
    switch (type) {
      case "array":
        return list(schema, depth)
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

  const list = (schema: Schema, depth: number): unknown => {
    const { items, prefixItems } = schema
    const places = Array.isArray(prefixItems) ? prefixItems : items
    if (Array.isArray(places)) return places.slice(0, number(schema.minItems)).map((place) => go(place, depth + 1))
    const endless = isSchema(items) && Predicate.isString(items.$ref) && within.has(items.$ref)
    return Array.from({ length: number(schema.minItems) ?? (endless ? 0 : 1) }, () => go(items, depth + 1))
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
  const wanted = Math.min(Math.max(1, least ?? 1), most ?? Number.MAX_VALUE)
  const multiple = number(schema.multipleOf) ?? (whole ? 1 : undefined)
  if (multiple === undefined) return wanted
  const up = Math.ceil(wanted / multiple) * multiple
  return most !== undefined && up > most ? Math.floor(most / multiple) * multiple : up
}
