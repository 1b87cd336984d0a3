/**
 * What is wrong with a file that somebody wrote, each mistake by its path, in that person's words: no word of the schema's own
 * types is in it.
 *
 * @internal
 */
import type * as ParseResult from "effect/ParseResult"
import type * as AST from "effect/SchemaAST"
import { isHidden, wordsOf } from "./allowed.js"
import { shown } from "./check.js"

/** @internal */
export interface Mistake {
  /** Such as `routes[0].targets[1].weight`. */
  readonly path: string
  /** What is there, and what is allowed. */
  readonly message: string
}

type Path = ReadonlyArray<PropertyKey>

/** What is said of all of it begins with what it is. @internal */
export const mistakesOf = ({ issue }: ParseResult.ParseError, whole: string): ReadonlyArray<Mistake> =>
  found(issue, []).map(({ message, path }) =>
    path.length === 0 ? { path: "", message: `${whole} ${message}` } : { path: pathOf(path), message }
  )

/** @internal */
export const sentenceOf = ({ message, path }: Mistake): string => (path === "" ? message : `${path} ${message}`)

interface Found {
  readonly path: Path
  readonly message: string
}

const found = (issue: ParseResult.ParseIssue, path: Path): ReadonlyArray<Found> => {
  switch (issue._tag) {
    case "Pointer":
      return found(issue.issue, [...path, ...listOf(issue.path)])
    case "Missing":
      return [{ path, message: `is missing, and has to be ${wordsOf(issue.ast.type)}` }]
    case "Composite":
      return issue.ast._tag === "Union" ? ofUnion(issue, path) : listOf(issue.issues).flatMap(within(issue, path))
    case "Unexpected":
      return [{ path, message: "is no name that is known here" }]
    default:
      return [{ path, message: isNot(issue.ast, issue.actual) }]
  }
}

/** Of what stands in an object or a list, that knows which names there are, and how many. */
const within =
  ({ ast }: ParseResult.Composite, path: Path) =>
  (issue: ParseResult.ParseIssue): ReadonlyArray<Found> => {
    const inner = issue._tag === "Pointer" ? issue.issue._tag : undefined
    if (ast._tag === "TupleType" && inner === "Missing") return [{ path, message: isNot(ast, []) }]
    if (ast._tag !== "TypeLiteral" || inner !== "Unexpected") return found(issue, path)
    const names = ast.propertySignatures.map(({ name }) => String(name)).join(", ")
    return found(issue, path).map(({ message, path }) => ({ path, message: `${message}; there are ${names}` }))
  }

/**
 * What is wrong inside of an object is told, and not that it could be something else altogether; of several objects, of the one
 * that is nearest.
 */
const ofUnion = ({ actual, ast, issues }: ParseResult.Composite, path: Path): ReadonlyArray<Found> => {
  const [nearest] = listOf(issues)
    .map((issue) => found(issue, path))
    .filter((mistakes) => mistakes.some((one) => one.path.length > path.length))
    .sort((one, other) => one.length - other.length)
  return nearest ?? [{ path, message: isNot(ast, actual) }]
}

/** Where somebody may have put the secret itself, it is not shown. */
const isNot = (ast: AST.AST, actual: unknown): string =>
  isHidden(ast) ? `has to be ${wordsOf(ast)}` : `is ${shown(actual)}, and has to be ${wordsOf(ast)}`

const listOf = <A>(oneOrMore: A | ReadonlyArray<A>): ReadonlyArray<A> =>
  Array.isArray(oneOrMore) ? oneOrMore : [oneOrMore as A]

/** A path as it would be written in a program. @internal */
export const pathOf = (path: Path): string =>
  path.reduce<string>(
    (text, part) =>
      typeof part === "number"
        ? `${text}[${part}]`
        : /^[A-Za-z_]\w*$/.test(String(part))
          ? `${text}${text === "" ? "" : "."}${String(part)}`
          : `${text}[${JSON.stringify(String(part))}]`,
    ""
  )
