import type { Sample, Tally } from "./tally.js"

/**
 * The last `size` calls, as a ring of two bits each.
 *
 * Fifteen samples share a word, which stays below the size at which an engine boxes its integers. The word being
 * written is kept beside the ring, and the ring is a list of short blocks, so recording copies one block every fifteen
 * calls and touches nothing else, however large the window is.
 *
 * @internal
 */
export interface Calls extends Tally {
  readonly _tag: "Calls"
  /** The place of the next sample, from 0 to `size - 1`. */
  readonly next: number
  /** The word that `next` lies in. */
  readonly word: number
  readonly blocks: ReadonlyArray<ReadonlyArray<number>>
}

const perWord = 15
const perBlock = 32
const failedBit = 1
const slowBit = 2
const bits = 3

/** @internal */
export const empty: Calls = {
  _tag: "Calls",
  calls: 0,
  failures: 0,
  slow: 0,
  abandoned: 0,
  next: 0,
  word: 0,
  blocks: []
}

const read = (blocks: Calls["blocks"], word: number): number =>
  blocks[Math.floor(word / perBlock)]?.[word % perBlock] ?? 0

const write = (blocks: Calls["blocks"], word: number, value: number): Calls["blocks"] => {
  const at = Math.floor(word / perBlock)
  const block = (blocks[at] ?? []).slice()
  block[word % perBlock] = value
  const copy = blocks.slice()
  copy[at] = block
  return copy
}

/** @internal */
export const add = (self: Calls, size: number, sample: Sample): Calls => {
  const shift = (self.next % perWord) * 2
  const full = self.calls === size
  const oldest = full ? (self.word >> shift) & bits : 0
  const failed = sample.failed ? failedBit : 0
  const slow = sample.slow ? slowBit : 0
  const word = (self.word & ~(bits << shift)) | ((failed | slow) << shift)
  const next = (self.next + 1) % size
  const from = Math.floor(self.next / perWord)
  const to = Math.floor(next / perWord)
  const blocks = from === to ? self.blocks : write(self.blocks, from, word)
  return {
    _tag: "Calls",
    calls: full ? size : self.calls + 1,
    failures: self.failures + failed - (oldest & failedBit),
    slow: self.slow + (slow - (oldest & slowBit)) / slowBit,
    abandoned: 0,
    next,
    word: from === to ? word : read(blocks, to),
    blocks
  }
}

/** @internal */
export const abandon = (self: Calls): Calls => ({ ...self, abandoned: self.abandoned + 1 })
