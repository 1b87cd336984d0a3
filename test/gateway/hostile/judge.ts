/**
 * Whether what came is what has to come.
 */
import type { Answer, Exchanged } from "./exchange.js"
import type { Hostile } from "./hostile.js"

/** What is wrong with it. */
export const wrongWith = (asked: Hostile, { answers, rest }: Exchanged): ReadonlyArray<string> => {
  // Nobody is there to read it.
  if (asked.leaves !== undefined) return []
  const statuses = answers.map(({ status }) => status)
  const last = answers.at(-1)
  return [
    ...(String(statuses) === String(asked.answers) ? [] : [`answers ${statuses}, where ${asked.answers} should be`]),
    ...(rest === "" ? [] : [`besides, it says ${JSON.stringify(rest.slice(0, 200))}`]),
    ...(asked.closes !== true || last?.headers.connection === "close" ? [] : ["the connection is kept"]),
    ...(last === undefined || last.status < 400 ? [] : wrongWithError(asked, last))
  ]
}

const wrongWithError = (
  { allow, dialect = "openai", method }: Hostile,
  { body, headers }: Answer
): ReadonlyArray<string> => {
  const said = method === "HEAD" ? body === "" : isError(dialect, parsed(body))
  return [
    ...(said ? [] : [`no error of ${dialect}: ${JSON.stringify(body.slice(0, 200))}`]),
    ...(headers["x-effect-resilience-request-id"] === undefined ? ["no request id"] : []),
    ...(headers.allow === allow ? [] : [`allows ${headers.allow}, where ${allow} should be`])
  ]
}

interface Told {
  readonly type?: unknown
  readonly error?: { readonly type?: unknown; readonly message?: unknown }
}

const isError = (dialect: NonNullable<Hostile["dialect"]>, told: Told | undefined): boolean => {
  if (told === undefined) return false
  if (dialect === "operator") return true
  const isOne = typeof told.error?.type === "string" && typeof told.error.message === "string"
  return isOne && told.type === (dialect === "anthropic" ? "error" : undefined)
}

const parsed = (body: string): Told | undefined => {
  try {
    return JSON.parse(body) as Told
  } catch {
    return undefined
  }
}
