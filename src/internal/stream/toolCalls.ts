import type { ToolCall } from "../errors/llmError.js"
import type { ToolCallPiece } from "./dialect/dialect.js"

/**
 * The tool calls of one answer, put together from their pieces.
 *
 * Servers give a call's id and name in its first piece, in later ones, in every one, or not at all. A piece belongs to the
 * call of its key; one that brings another id under a known key begins a call of its own, since some servers number
 * every call 0. What the provider runs itself is known by its key too, but is no call of ours.
 *
 * @internal
 */
export class ToolCalls {
  private readonly calls: Array<Call> = []
  private readonly byKey = new Map<string, Call>()
  private last: Call | undefined

  get all(): ReadonlyArray<ToolCall> {
    return this.calls
  }

  add({ id, key, name, providerExecuted }: ToolCallPiece): void {
    const under = key ?? (id === "" ? undefined : id)
    let call = under !== undefined ? this.byKey.get(under) : name === "" ? this.last : undefined
    if (call === undefined || isAnother(call, id, name)) {
      call = { id, name }
      if (under !== undefined) this.byKey.set(under, call)
      if (providerExecuted !== true) this.calls.push(call)
    } else {
      call.id ||= id
      call.name ||= name
    }
    this.last = call
  }
}

interface Call extends ToolCall {
  id: string
  name: string
}

const isAnother = (known: ToolCall, id: string, name: string): boolean =>
  id !== "" && known.id !== "" && id !== known.id && name !== ""
