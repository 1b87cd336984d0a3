/**
 * The members of a JSON object, found in its bytes without reading what they hold: a body is passed on as it came, and
 * only what decides where it goes is looked at.
 *
 * Objects, lists and strings are passed over by their brackets and quotes. Whether what is inside makes sense is for the
 * provider to say.
 *
 * @internal
 */

/** Where a member's value stands: from `start`, up to and without `end`. @internal */
export interface Member {
  readonly name: string
  /** Where the member begins, its name included. */
  readonly from: number
  readonly start: number
  readonly end: number
}

/** A body that is no JSON object. @internal */
export class NotJson extends Error {}

const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const colon = 0x3a
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d

/** @internal */
export const membersOf = (body: Buffer): ReadonlyArray<Member> => new Scanner(body).members()

/** A member's value. @internal */
export const valueOf = (body: Buffer, { end, start }: Member): unknown => parsed(body, start, end)

const parsed = (body: Buffer, start: number, end: number): unknown => {
  try {
    return JSON.parse(body.toString("utf8", start, end))
  } catch {
    throw new NotJson(`its body is no JSON at byte ${start}`)
  }
}

class Scanner {
  private at = 0

  constructor(private readonly body: Buffer) {}

  members(): ReadonlyArray<Member> {
    const found: Array<Member> = []
    // Some write a byte order mark.
    if (this.body[0] === 0xef && this.body[1] === 0xbb && this.body[2] === 0xbf) this.at = 3
    this.expect(openBrace)
    if (this.next() === closeBrace) this.at++
    else {
      do {
        found.push(this.member())
      } while (this.separator() === comma)
    }
    if (this.next() !== undefined) throw this.wrong()
    return found
  }

  private member(): Member {
    if (this.next() !== quote) throw this.wrong()
    const from = this.at
    this.string()
    const name = parsed(this.body, from, this.at) as string
    this.expect(colon)
    this.next()
    const start = this.at
    this.value()
    if (this.at === start) throw this.wrong()
    return { name, from, start, end: this.at }
  }

  private separator(): number | undefined {
    const byte = this.next()
    if (byte !== comma && byte !== closeBrace) throw this.wrong()
    this.at++
    return byte
  }

  private value(): void {
    const byte = this.body[this.at]
    if (byte === quote) this.string()
    else if (byte === openBrace || byte === openBracket) this.nested()
    else this.scalar()
  }

  private string(): void {
    const { body } = this
    for (let end = this.at; ; ) {
      end = body.indexOf(quote, end + 1)
      if (end === -1) throw this.wrong()
      let slashes = 0
      while (body[end - 1 - slashes] === backslash) slashes++
      if (slashes % 2 === 1) continue
      this.at = end + 1
      return
    }
  }

  private nested(): void {
    const { body } = this
    const open: Array<number> = []
    for (; this.at < body.length; ) {
      const byte = body[this.at]
      if (byte === quote) {
        this.string()
        continue
      }
      if (byte === openBrace) open.push(closeBrace)
      else if (byte === openBracket) open.push(closeBracket)
      else if (byte === closeBrace || byte === closeBracket) {
        if (open.pop() !== byte) throw this.wrong()
        if (open.length === 0) {
          this.at++
          return
        }
      }
      this.at++
    }
    throw this.wrong()
  }

  /** A number, or one of the three words. */
  private scalar(): void {
    const { body } = this
    const start = this.at
    while (this.at < body.length && isOfScalar(body[this.at] as number)) this.at++
    parsed(body, start, this.at)
  }

  private expect(byte: number): void {
    if (this.next() !== byte) throw this.wrong()
    this.at++
  }

  /** The next byte that is not white. */
  private next(): number | undefined {
    const { body } = this
    while (isWhite(body[this.at])) this.at++
    return body[this.at]
  }

  private wrong(): NotJson {
    return new NotJson(
      this.at < this.body.length ? `its body is no JSON at byte ${this.at}` : "its body is JSON that breaks off"
    )
  }
}

const isWhite = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09

/** Letters, digits, sign and point. */
const isOfScalar = (byte: number): boolean =>
  (byte >= 0x30 && byte <= 0x39) ||
  (byte >= 0x61 && byte <= 0x7a) ||
  byte === 0x45 ||
  byte === 0x2b ||
  byte === 0x2d ||
  byte === 0x2e
