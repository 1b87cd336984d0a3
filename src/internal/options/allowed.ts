/**
 * What may stand at a place of a file that somebody wrote, in a person's words.
 *
 * @internal
 */
import * as Option from "effect/Option"
import * as AST from "effect/SchemaAST"

const allowed = Symbol.for("effect-resilience/allowed")
const hidden = Symbol.for("effect-resilience/hidden")

/** Words for what is allowed, for mistakes and, as a title, for editors. @internal */
export const says = (words: string): AST.Annotations => ({ [AST.TitleAnnotationId]: words, [allowed]: words })

/** The same where the value never shows, in whatever error: somebody may have put the secret itself there. @internal */
export const saysNot = (words: string): AST.Annotations => ({
  ...says(words),
  [hidden]: true,
  [AST.MessageAnnotationId]: () => ({ message: `has to be ${words}`, override: true })
})

/** @internal */
export const isHidden = (ast: AST.AST): boolean => Option.isSome(AST.getAnnotation(ast, hidden))

/** @internal */
export const wordsOf = (ast: AST.AST): string =>
  Option.getOrElse(AST.getAnnotation<string>(ast, allowed), () => ofKind(ast))

const ofKind = (ast: AST.AST): string => {
  switch (ast._tag) {
    case "BooleanKeyword":
      return "true or false"
    case "Literal":
      return JSON.stringify(ast.literal)
    case "Union":
      return oneOf(ast.types.filter(({ _tag }) => _tag !== "UndefinedKeyword").map(wordsOf))
    case "TupleType":
      return ast.elements.length === 0
        ? `a list of ${oneOf(ast.rest.map(({ type }) => wordsOf(type)))}`
        : "a list of at least one"
    case "TypeLiteral":
      return ast.propertySignatures.length === 0
        ? "an object"
        : `an object with ${ast.propertySignatures.map(({ name }) => String(name)).join(", ")}`
    case "UnknownKeyword":
      return "any value"
    case "Suspend":
      return wordsOf(ast.f())
    default:
      return "a text"
  }
}

const oneOf = (words: ReadonlyArray<string>): string => {
  const or = words.some((word) => word.includes(", ")) ? ", or " : " or "
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")}${or}${words.at(-1)}`
}
