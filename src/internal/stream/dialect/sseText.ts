import type { Reading } from "./dialect.js"
import { malformed, metadata } from "./readings.js"
import type { Detecting } from "./sse.js"

/** Text that no answer begins with: a line of an event stream, or one that holds nothing but an element of an answer. */
const firstLine =
  /^\uFEFF?(?:data: ?(?:[[{]|\[DONE\])|event: ?[\w.:-]+\s*(?:\n|$)|id: ?\S+\s*(?:\n|$)|retry: ?\d+\s*(?:\n|$)|:[^\n]*\n|: ?(?:keep-?alive|ping|heartbeat|[A-Z]{3,}[A-Z ]*)\s*$)/

/** @internal */
export const isSseText = (first: string): boolean => firstLine.test(first.slice(0, 256))

/** More than this without an end is no line. */
const longestLine = 16_777_216

/**
 * An event stream as text that nobody has parsed: lines, blocks of them, or pieces of either, in strings. For one stream
 * only.
 *
 * Each line of data is an event, as all providers send them; one in pieces is read once it is whole.
 *
 * @internal
 */
export const sseText = (events: Detecting): Detecting => {
  let rest = ""
  let event: string | undefined
  const readLine = (line: string): Reading => {
    const [, field, value = ""] = /^\uFEFF?([a-z]*): ?(.*)$/s.exec(line) ?? []
    if (field === "event") event = value.trim()
    if (field !== "data") return metadata
    const named = event
    event = undefined
    return events.read({ data: value, event: named })
  }
  return {
    get inner() {
      return events.inner
    },
    get provider() {
      return events.provider
    },
    get endMarker() {
      return events.endMarker
    },
    read: (element) => {
      if (typeof element !== "string") return malformed
      // A line that comes without its end is over where the next one begins.
      const separate = /^(?:event|id|retry|):/.test(rest) && /^(?:data|event|id|retry):/.test(element)
      const lines = `${rest}${separate ? "\n" : ""}${element}`.split(/[\r\n]+/)
      rest = lines.pop() ?? ""
      if (isWhole(rest)) {
        lines.push(rest)
        rest = ""
      }
      if (rest.length > longestLine) return malformed
      return lines.map(readLine).reduce(both, metadata)
    }
  }
}

const isWhole = (line: string): boolean => {
  if (!/^data: ?(?:.*[}\]])\s*$/s.test(line)) return false
  if (/^data: ?\[DONE\]\s*$/.test(line)) return true
  try {
    JSON.parse(line.slice("data:".length))
    return true
  } catch {
    return false
  }
}

const weight = { metadata: 0, reasoning: 1, content: 2, malformed: 3 }

/** What two elements say together. */
const both = (a: Reading, b: Reading): Reading => {
  if (a === metadata || a.error !== undefined) return a === metadata ? b : a
  return {
    ...a,
    ...b,
    kind: weight[a.kind] > weight[b.kind] ? a.kind : b.kind,
    end: a.end === true || b.end === true,
    ...((a.text ?? b.text) !== undefined && { text: (a.text ?? "") + (b.text ?? "") }),
    ...((a.usage ?? b.usage) !== undefined && { usage: { ...a.usage, ...b.usage } }),
    ...((a.toolCalls ?? b.toolCalls) !== undefined && { toolCalls: [...(a.toolCalls ?? []), ...(b.toolCalls ?? [])] })
  }
}
