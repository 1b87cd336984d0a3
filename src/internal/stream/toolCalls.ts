import type { ToolCallPiece } from "../../StreamDialect.js"
import type { ToolCall } from "../errors/llmError.js"

/**
 * The tool calls of one answer, put together from their pieces.
 *
 * Servers give a call's id and name in its first piece, in later ones, in every one, or not at all. A piece belongs to the
 * call of its key; one that brings another id under a known key begins a call of its own, since some servers number
 * every call 0.
 *
 * @internal
 */
export class ToolCalls {
  readonly all: Array<ToolCall> = []
  private readonly places = new Map<string, number>()

  add({ id, key, name }: ToolCallPiece): void {
    const under = key ?? (id === "" ? undefined : id)
    const place = under === undefined ? undefined : this.places.get(under)
    const known = place === undefined ? undefined : this.all[place]
    if (place === undefined || known === undefined || isAnother(known, id, name)) {
      if (under !== undefined) this.places.set(under, this.all.length)
      this.all.push({ id, name })
    } else if ((known.id === "" && id !== "") || (known.name === "" && name !== "")) {
      this.all[place] = { id: known.id || id, name: known.name || name }
    }
  }
}

const isAnother = (known: ToolCall, id: string, name: string): boolean =>
  id !== "" && known.id !== "" && id !== known.id && name !== ""
