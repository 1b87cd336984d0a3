/**
 * The keys of an upstream, kept out of whatever it answers.
 *
 * @internal
 */
import * as Redacted from "effect/Redacted"

/** What is shorter is no secret, and may be a word of an answer: some local servers want just any key. */
const shortestSecret = 16

const asterisk = 0x2a

/** @internal */
export class Hidden {
  private readonly secrets: ReadonlyArray<{ readonly text: string; readonly bytes: Buffer }>

  constructor(keys: ReadonlyArray<Redacted.Redacted>) {
    this.secrets = keys
      .map((key) => Redacted.value(key))
      .filter((text) => text.length >= shortestSecret)
      .map((text) => ({ text, bytes: Buffer.from(text) }))
  }

  /** Puts asterisks in the place of keys, so that the length stays what it was told to be. */
  in(given: Uint8Array): void {
    for (const { bytes } of this.secrets) {
      const all = Buffer.from(given.buffer, given.byteOffset, given.byteLength)
      for (let at = all.indexOf(bytes); at !== -1; at = all.indexOf(bytes, at)) {
        all.fill(asterisk, at, at + bytes.length)
      }
    }
  }

  /** The same for the value of a header. */
  inText(given: string): string {
    let shown = given
    for (const { text } of this.secrets) {
      if (shown.includes(text)) shown = shown.replaceAll(text, "*".repeat(text.length))
    }
    return shown
  }
}
