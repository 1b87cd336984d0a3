/**
 * A text that grows by many small pieces.
 *
 * Pieces are joined by the hundred: a string grown one piece at a time keeps a node for each of them.
 *
 * @internal
 */
export class TextBuffer {
  private joined = ""
  private pieces: Array<string> = []

  add(piece: string): void {
    this.pieces.push(piece)
    if (this.pieces.length >= 256) this.join()
  }

  toString(): string {
    this.join()
    return this.joined
  }

  private join(): void {
    if (this.pieces.length === 0) return
    this.joined += this.pieces.join("")
    this.pieces = []
  }
}
