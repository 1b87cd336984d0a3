/**
 * Tokens of a text, by its characters: four of ASCII are one, and so is each other one.
 *
 * @internal
 */
export const estimated = (text: string): number => {
  let ascii = 0
  let others = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    // The second half of a pair belongs to the character before it.
    if (code < 0x80) ascii++
    else if (code < 0xdc00 || code > 0xdfff) others++
  }
  return Math.ceil(ascii / 4) + others
}
