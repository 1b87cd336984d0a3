/**
 * How many tokens a provider says it takes, and how many it says were asked for.
 */
import type { Facts } from "./Said.js"

/** @internal */
export interface Tokens {
  readonly limit?: number
  readonly requested?: number
}

const n = "([0-9][0-9,_]{0,14})"

/** Which number is which: `l` the limit, `r` what was requested. Words are in lower case. */
const wordings: ReadonlyArray<readonly [order: "lr" | "rl" | "l" | "r", says: RegExp]> = [
  [
    "lr",
    new RegExp(
      `maximum context length (?:is|of) ${n} tokens.{0,160}?(?:requested|resulted in|contains|has)(?: about)? ${n}`
    )
  ],
  ["rl", new RegExp(`too long: ${n} tokens > ${n} maximum`)],
  ["rl", new RegExp(`input token count \\(?${n}\\)? exceeds the maximum number of tokens allowed \\(?${n}`)],
  ["rl", new RegExp(`prompt contains ${n} tokens.{0,120}?with ${n} maximum context length`)],
  ["rl", new RegExp(`too long: ${n}, model maximum context length: ${n}`)],
  ["lr", new RegExp(`maximum prompt length is ${n} but the request contains ${n}`)],
  ["lr", new RegExp(`cannot exceed ${n} ?- ?received ${n}`)],
  ["lr", new RegExp(`must be <= ?${n}\\. given: ${n}`)],
  ["rl", new RegExp(`request \\(${n} tokens\\) exceeds the available context size \\(${n}`)],
  ["rl", new RegExp(`\\(length ${n}\\) is longer than the maximum model length of ${n}`)],
  ["rl", new RegExp(`requested tokens \\(${n}\\) exceed context window of ${n}`)],
  ["lr", new RegExp(`limit:? ${n}, (?:used:? [0-9,]{1,15}, )?requested:? ~?${n}`)],
  ["rl", new RegExp(`(?:prompt|input) (?:has|is|of) ${n} tokens.{0,80}?(?:limit|maximum|window)[a-z ]{0,24} ${n}`)],
  ["l", new RegExp(`maximum context length (?:is|of|:) ?${n}`)],
  ["l", new RegExp(`${n} maximum context length`)],
  ["l", new RegExp(`context length of only ${n}`)],
  ["l", new RegExp(`(?:model )?token limit: ${n}`)],
  ["l", new RegExp(`max size: ${n} tokens`)]
]

const read = (text: string | undefined): number | undefined => {
  const value = text === undefined ? Number.NaN : Number(text.replace(/[,_]/g, ""))
  return Number.isSafeInteger(value) && value > 0 ? value : undefined
}

/** @internal */
export const tokensOf = (facts: Pick<Facts, "words" | "values">): Tokens => {
  const stated = make(read(facts.values("n_ctx")[0]), read(facts.values("n_prompt_tokens")[0]))
  if (stated.limit !== undefined || stated.requested !== undefined) return stated
  for (const [order, says] of wordings) {
    const found = says.exec(facts.words)
    if (found === null) continue
    const first = read(found[1])
    const second = read(found[2])
    return order === "rl" ? make(second, first) : order === "lr" ? make(first, second) : make(first, undefined)
  }
  return {}
}

const make = (limit: number | undefined, requested: number | undefined): Tokens => ({
  ...(limit !== undefined && { limit }),
  ...(requested !== undefined && { requested })
})
