/**
 * What is wrong with a configuration, each mistake by its path.
 *
 * @internal
 */
import * as ParseResult from "effect/ParseResult"

/** @internal */
export interface Mistake {
  /** Such as `routes[0].targets[1].weight`. */
  readonly path: string
  /** What is there, and what is allowed. */
  readonly message: string
}

/** @internal */
export const mistakesOf = (error: ParseResult.ParseError): ReadonlyArray<Mistake> => {
  const found = new Map<string, Array<string>>()
  for (const { _tag, message, path } of ParseResult.ArrayFormatter.formatErrorSync(error)) {
    const at = pathOf(path)
    const said = _tag === "Missing" ? "is missing" : _tag === "Unexpected" ? unexpected(message) : plain(message)
    found.set(at, [...(found.get(at) ?? []), at === "" ? ofAll(said) : said])
  }
  return [...found].map(([path, messages]) => ({ path, message: messages.join(", or ") }))
}

/** An empty file is read as nothing, and a list is none either. */
const ofAll = (said: string): string =>
  `the configuration ${said.replace("GatewayConfig", 'an object with "upstreams" and "routes"')}`

/** What the schema says by itself, in the words of all other mistakes. */
const plain = (message: string): string =>
  message.replace(/^Expected (.*), actual (.*)$/s, (_, allowed, actual) => `is ${actual}, and has to be ${allowed}`)

/** A path as it would be written in a program. @internal */
export const pathOf = (path: ReadonlyArray<PropertyKey>): string =>
  path.reduce<string>(
    (text, part) =>
      typeof part === "number"
        ? `${text}[${part}]`
        : /^[A-Za-z_]\w*$/.test(String(part))
          ? `${text}${text === "" ? "" : "."}${String(part)}`
          : `${text}[${JSON.stringify(String(part))}]`,
    ""
  )

/** The schema says which names there are, in a type. */
const unexpected = (message: string): string => {
  const names = /expected: (.*)$/.exec(message)?.[1]?.replaceAll('"', "").split(" | ")
  return names === undefined
    ? "is no name that is known here"
    : `is no name that is known here; there are ${names.join(", ")}`
}
