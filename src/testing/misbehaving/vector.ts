/**
 * A vector of length one, told by the characters of the text: the same text always has the same.
 *
 * @internal
 */
export const vector = (text: string, dimensions: number): ReadonlyArray<number> => {
  let state = 2_166_136_261
  for (let i = 0; i < text.length; i++) state = Math.imul(state ^ text.charCodeAt(i), 16_777_619)
  const raw = Array.from({ length: dimensions }, () => {
    state = Math.imul(state ^ (state >>> 15), 2_246_822_519) + 1
    return ((state >>> 0) / 4_294_967_296) * 2 - 1
  })
  const length = Math.sqrt(raw.reduce((sum, x) => sum + x * x, 0)) || 1
  return raw.map((x) => x / length)
}

/** How many numbers a vector has, where the request does not say. */
const usual = 8

/** @internal */
export const dimensionsOf = (wanted: unknown): number =>
  Number.isInteger(wanted) ? Math.min(4096, Math.max(1, Number(wanted))) : usual
