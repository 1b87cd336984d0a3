/**
 * Words that stand alone, with no names, no status and no headers beside them.
 */
import { dialects } from "./Dialects.js"
import { plain } from "./Facts.js"

/** A larger expression than this is interpreted by V8 and not compiled, which takes many times as long. */
const mostSource = 12_000

/** Alternatives in as few expressions as that leaves. */
const together = (sources: ReadonlyArray<string>): ReadonlyArray<RegExp> => {
  const parts: Array<string> = []
  for (const source of sources) {
    const last = parts.at(-1)
    if (last === undefined || last.length + source.length > mostSource) parts.push(`(?:${source})`)
    else parts[parts.length - 1] = `${last}|(?:${source})`
  }
  return parts.map((part) => new RegExp(part))
}

/** Made at the first failure that has nothing but words. */
let wordings: ReadonlyArray<RegExp> | undefined

/** Some row of some dialect knows the words, whichever dialect would be read. */
const areKnown = (words: string): boolean => {
  wordings ??= together(
    dialects
      .flatMap(({ rules, vague = [] }) => [...rules, ...vague])
      .flatMap(({ says = [] }) => says)
      .map(({ source }) => source)
  )
  return wordings.some((wording) => wording.test(words))
}

/** A bracket, a mark or a quote may begin data; the word is part of what says how large a request was. */
const mayHoldMore = /[{[<"]|requested/i

/**
 * Whether no row of any table knows these words. Where it cannot be told at one look the answer is no.
 *
 * @internal
 */
export const sayNothing = (said: string): boolean =>
  !mayHoldMore.test(said) && !said.includes("\u0000") && !areKnown(plain(said))
