/**
 * Bytes of a stream of server-sent events, handed on as far as their events are complete: a stream that breaks off within
 * an event can then still say so in an event of its own. What a client could do nothing with yet costs it no time.
 *
 * @internal
 */
const nothing = Buffer.alloc(0)

/** An event so long is handed on as it comes. */
const mostHeld = 1_048_576

const feed = 0x0a
const carriage = 0x0d

/** @internal */
export class WholeEvents {
  private held: Buffer = nothing

  push(bytes: Uint8Array): Buffer {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const all = this.held.length === 0 ? chunk : Buffer.concat([this.held, chunk])
    const end = all.length > mostHeld ? all.length : lastEnd(all)
    this.held = end === all.length ? nothing : all.subarray(end)
    return all.subarray(0, end)
  }

  /** What a stream that has ended properly has left. */
  rest(): Buffer {
    const { held } = this
    this.held = nothing
    return held
  }
}

/** Behind the last empty line. */
const lastEnd = (bytes: Buffer): number => {
  for (let at = bytes.length; at > 1; at--) {
    at = bytes.lastIndexOf(feed, at - 1) + 1
    if (at === 0) break
    if (bytes[at - 2] === feed || (bytes[at - 2] === carriage && bytes[at - 3] === feed)) return at
  }
  // Some end their lines with a carriage return alone.
  return bytes.includes("\r\r") ? bytes.length : 0
}
