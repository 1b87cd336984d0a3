/**
 * The event that comes again and again in a stream, with another word in it each time.
 *
 * Most events of an answer differ from the one before in the text alone. Such a one says what that one said, with its own
 * text, and need not be parsed to be known. Whatever else differs, it is no such event, and is parsed.
 *
 * @internal
 */
import type { Reading } from "../../StreamDialect.js"

/** @internal */
export class Pattern {
  private before = ""
  private after = ""

  /** Learns from the text of one whole event, if nothing but its text is said in it. */
  learn(event: string, { end, error, kind, model, text, toolCalls, usage }: Reading): void {
    const more = error ?? model ?? toolCalls ?? usage
    if (
      kind !== "content" ||
      end === true ||
      more !== undefined ||
      text === undefined ||
      !isPlain(text, 0, text.length)
    )
      return
    const at = event.indexOf(`"${text}"`)
    // Where the same word stands twice, nobody knows which of them is the text.
    if (at < 0 || event.indexOf(`"${text}"`, at + 1) >= 0) return
    this.before = event.slice(0, at + 1)
    this.after = event.slice(at + 1 + text.length)
  }

  /** The words of events that are all like the one it has learnt from, or nothing where one of them is not. */
  wordsIn(events: string): string | undefined {
    const { after, before } = this
    if (before === "" || !events.endsWith(after)) return undefined
    let words = ""
    for (let at = 0; at < events.length; ) {
      if (!events.startsWith(before, at)) return undefined
      const from = at + before.length
      const to = events.indexOf(after, from)
      if (to <= from || !isPlain(events, from, to)) return undefined
      words += events.slice(from, to)
      at = to + after.length
    }
    return words
  }
}

/** Nothing in it ends a string of JSON, or means something else than it is. */
const isPlain = (text: string, from: number, to: number): boolean => {
  for (let i = from; i < to; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x20 || code === 0x22 || code === 0x5c) return false
  }
  return true
}
