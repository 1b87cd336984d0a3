import * as Effect from "effect/Effect"
import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"
import type * as ParseResult from "effect/ParseResult"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as AST from "effect/SchemaAST"
import { Failure } from "../../internal/errors/errorClass.js"
import { type ProviderRequest, Reply } from "./Reply.js"
import { Script } from "./Script.js"

const whole = (from: number, to: number) =>
  Schema.Int.pipe(Schema.between(from, to)).annotations({ description: `a whole number from ${from} to ${to}` })

/** @internal */
export const ReplyFunction = Schema.declare(
  (u: unknown): u is (request: ProviderRequest) => Reply => Predicate.isFunction(u),
  { identifier: "ReplyFunction", description: "a reply, or a function from a request to a reply" }
)

/**
 * How the provider is set up.
 *
 * @since 0.1.0
 * @category Models
 */
export const Options = Schema.Struct({
  /** The port on 127.0.0.1. Default 0: one that is free. */
  port: Schema.optional(whole(0, 65_535)),
  /** What happens to calls. Default: all are answered. */
  script: Schema.optional(Script),
  /** What happens to calls for one model, in place of `script`. */
  models: Schema.optional(Schema.Record({ key: Schema.String, value: Script })),
  /** What is answered where a step has no reply of its own. Default: a sentence, or a value that follows the schema. */
  reply: Schema.optional(Schema.Union(ReplyFunction, Reply)),
  /** The seed of the places at which `boundaries: "anywhere"` cuts. Default 0. */
  seed: Schema.optional(Schema.Union(Schema.String, Schema.Number)),
  /** The largest request body that is read, in bytes; a larger one gets a 413. Default 32 MiB. */
  maxBodyBytes: Schema.optional(whole(1, 1_073_741_824)),
  /** How many attempts the log keeps, the newest ones. Default 10 000. */
  keepAttempts: Schema.optional(whole(1, 1_000_000)),
  /** Whether pages of any origin may ask, and read all headers of the answers. Default `false`. */
  cors: Schema.optional(Schema.Boolean)
})

/**
 * @since 0.1.0
 * @category Models
 */
export type Options = typeof Options.Type

/**
 * An option or a script of the provider is not what it may be: `field` is where, `value` what was there, `allowed` what
 * may be there.
 *
 * @since 0.1.0
 * @category Errors
 */
export class InvalidProviderOption extends Failure<InvalidProviderOption>()("InvalidProviderOption", {
  field: Schema.String,
  value: Schema.String,
  allowed: Schema.String,
  /** Whose option it is. */
  of: Schema.optionalWith(Schema.String, { default: () => "misbehaving provider" })
}) {
  override get message(): string {
    return `Option "${this.field}" of the ${this.of} is ${this.value}; allowed is ${this.allowed}`
  }
}

/** Checks options or scripts. A name that does not exist is an error too. @internal */
export const check =
  <A, I>(schema: Schema.Schema<A, I>, root?: string, of = "misbehaving provider") =>
  (input: unknown): Effect.Effect<A, InvalidProviderOption> =>
    Schema.validate(schema, { onExcessProperty: "error" })(input).pipe(
      Effect.mapError(
        ({ issue }) => new InvalidProviderOption({ ...invalid(issue, root === undefined ? [] : [root]), of })
      )
    )

type Complaint = Pick<InvalidProviderOption, "field" | "value" | "allowed">

/** The innermost complaint of the first branch is the one about the value that somebody wrote. */
const invalid = (issue: ParseResult.ParseIssue, path: ReadonlyArray<PropertyKey>): Complaint => {
  switch (issue._tag) {
    case "Pointer":
      return invalid(issue.issue, path.concat(issue.path as PropertyKey))
    case "Composite":
      // Where no member of a union got anywhere, all of them are what is allowed.
      return depth(issue) === 0 && issue.ast._tag === "Union"
        ? complaint(path, issue.actual, issue.ast)
        : within(issue.ast, furthest(issue.issues), path)
    case "Refinement":
    case "Transformation":
      // The outermost of several conditions on one value has the words for all of them.
      return depth(issue) === 0 ? complaint(path, issue.actual, issue.ast) : invalid(issue.issue, path)
    case "Unexpected":
      return complaint(path, issue.actual, undefined)
    case "Missing":
      return complaint(path, undefined, issue.ast)
    default:
      return complaint(path, issue.actual, issue.ast)
  }
}

/** An object knows which names there are, and a list how many it holds. */
const within = (ast: AST.AST, issue: ParseResult.ParseIssue, path: ReadonlyArray<PropertyKey>): Complaint => {
  const inner = issue._tag === "Pointer" ? issue.issue._tag : undefined
  if (ast._tag === "TupleType" && inner === "Missing") return complaint(path, [], ast)
  const found = invalid(issue, path)
  return inner === "Unexpected" ? { ...found, allowed: `no option of this name; there are ${namesOf(ast)}` } : found
}

const namesOf = (ast: AST.AST): string =>
  ast._tag === "TypeLiteral" ? ast.propertySignatures.map(({ name }) => String(name)).join(", ") : "none"

const depth = (issue: ParseResult.ParseIssue): number => {
  switch (issue._tag) {
    case "Pointer":
      return 1 + depth(issue.issue)
    case "Composite":
      return depth(furthest(issue.issues))
    case "Refinement":
    case "Transformation":
      return depth(issue.issue)
    default:
      return 0
  }
}

/** Of the members of a union, the one that got furthest is the one that was meant. */
const furthest = (issues: ParseResult.Composite["issues"]): ParseResult.ParseIssue => {
  const all = Array.isArray(issues)
    ? (issues as ReadonlyArray<ParseResult.ParseIssue>)
    : [issues as ParseResult.ParseIssue]
  return all.reduce((best, issue) => (depth(issue) > depth(best) ? issue : best))
}

const complaint = (
  path: ReadonlyArray<PropertyKey>,
  value: unknown,
  ast: AST.AST | AST.Annotated | undefined
): Complaint => ({
  field: path.map(String).join(".") || "options",
  value: (Predicate.isString(value) ? JSON.stringify(value) : Inspectable.toStringUnknown(value, 0)).slice(0, 200),
  allowed: ast === undefined ? "no option of this name" : description(ast)
})

/** In words: the schema's own name for what has no description would be read by nobody. */
const description = (ast: AST.AST | AST.Annotated): string => {
  const own = AST.getDescriptionAnnotation(ast)
  if (Option.isSome(own)) return own.value
  if (!("_tag" in ast)) return "type" in ast ? description(ast.type as AST.AST) : "another value"
  switch (ast._tag) {
    case "Literal":
      return JSON.stringify(ast.literal)
    case "Union":
      return ast.types
        .filter(({ _tag }) => _tag !== "UndefinedKeyword")
        .map(description)
        .join(" or ")
    case "TupleType":
      return "a list"
    case "TypeLiteral":
      return `an object with ${namesOf(ast)}`
    case "StringKeyword":
      return "a text"
    case "NumberKeyword":
      return "a number"
    case "BooleanKeyword":
      return "true or false"
    case "Refinement":
    case "Transformation":
      return description(ast.from)
    case "Suspend":
      return description(ast.f())
    default:
      return "another value"
  }
}
