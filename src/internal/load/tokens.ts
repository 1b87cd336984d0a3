/**
 * Tokens of a text, by its characters: four of ASCII are one, and so is each other one.
 *
 * @internal
 */
export const estimated = (text: string): number => Math.ceil(partsOf(text))

/** The same of a piece of a text, which need not be a whole number. @internal */
export const partsOf = (text: string): number => {
  let ascii = 0
  let others = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    // The second half of a pair belongs to the character before it.
    if (code < 0x80) ascii++
    else if (code < 0xdc00 || code > 0xdfff) others++
  }
  return ascii / 4 + others
}

/** What a call is expected to take and to give where nobody says. @internal */
export const usualTokens = 500
