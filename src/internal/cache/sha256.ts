/**
 * SHA-256 of a text, at once and on any platform: the core needs no Node, and the web's own is a promise.
 *
 * Source: NIST, FIPS 180-4, 2015.
 *
 * @internal
 */

/** The first 32 bits of the fractional parts of a root of the first primes. */
const fractions = (count: number, root: number): Uint32Array => {
  const found = new Uint32Array(count)
  for (let n = 2, i = 0; i < count; n++) {
    let prime = true
    for (let d = 2; d * d <= n; d++) if (n % d === 0) prime = false
    if (prime) found[i++] = (n ** (1 / root) % 1) * 2 ** 32
  }
  return found
}

const constants = fractions(64, 3)
const beginning = fractions(8, 2)

const rotated = (x: number, by: number): number => (x >>> by) | (x << (32 - by))

const padded = (bytes: Uint8Array): DataView => {
  const all = new Uint8Array(Math.ceil((bytes.length + 9) / 64) * 64)
  all.set(bytes)
  all[bytes.length] = 0x80
  const view = new DataView(all.buffer)
  view.setBigUint64(all.length - 8, BigInt(bytes.length) * 8n)
  return view
}

/** In hexadecimal digits. @internal */
export const sha256 = (text: string | Uint8Array): string => {
  const view = padded(typeof text === "string" ? new TextEncoder().encode(text) : text)
  const state = beginning.slice()
  const words = new Uint32Array(64)
  for (let offset = 0; offset < view.byteLength; offset += 64) {
    for (let i = 0; i < 16; i++) words[i] = view.getUint32(offset + 4 * i)
    for (let i = 16; i < 64; i++) {
      const a = words[i - 15]!
      const b = words[i - 2]!
      const s0 = rotated(a, 7) ^ rotated(a, 18) ^ (a >>> 3)
      const s1 = rotated(b, 17) ^ rotated(b, 19) ^ (b >>> 10)
      words[i] = words[i - 16]! + s0 + words[i - 7]! + s1
    }
    let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number]
    for (let i = 0; i < 64; i++) {
      const s1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)
      const t1 = (h + s1 + ((e & f) ^ (~e & g)) + constants[i]! + words[i]!) | 0
      const s0 = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
      h = g
      g = f
      f = e
      e = (d + t1) | 0
      d = c
      c = b
      b = a
      a = (t1 + t2) | 0
    }
    for (const [i, value] of [a, b, c, d, e, f, g, h].entries()) state[i]! += value
  }
  return Array.from(state, (word) => word.toString(16).padStart(8, "0")).join("")
}
