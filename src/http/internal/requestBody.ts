/**
 * The body of a request: what it says, and whether it can be sent again.
 *
 * @internal
 */

/** @internal */
export interface Body {
  readonly body: BodyInit | null
  /** The body as text, where it may be JSON. */
  readonly json: string | undefined
  /** Whether it may be sent more than once. */
  readonly repeatable: boolean
  /** Whether it was a stream, of which something has been read. */
  readonly read: boolean
}

/** @internal */
export const keep = async (body: BodyInit | null, bound: number, signal?: AbortSignal | null): Promise<Body> => {
  if (typeof body === "string") return { body, json: body, repeatable: true, read: false }
  if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) {
    return { body, json: new TextDecoder().decode(body), repeatable: true, read: false }
  }
  if (isStream(body)) return keepStream(body, bound, signal)
  const json = body instanceof Blob && body.size <= bound ? await body.text() : undefined
  return { body, json, repeatable: true, read: false }
}

const isStream = (body: BodyInit | null): body is ReadableStream<Uint8Array> =>
  typeof body === "object" && body !== null && "getReader" in body

/** What fits within the bound is kept. The rest of what does not follows what was read, once. */
const keepStream = async (
  body: ReadableStream<Uint8Array>,
  bound: number,
  signal: AbortSignal | null | undefined
): Promise<Body> => {
  const reader = body.getReader()
  const onAbort = (): void => {
    reader.cancel(signal?.reason).catch(() => {})
  }
  signal?.addEventListener("abort", onAbort, { once: true })
  try {
    return await keepRead(reader, bound, signal)
  } finally {
    signal?.removeEventListener("abort", onAbort)
  }
}

const keepRead = async (
  reader: ReadableStreamDefaultReader<Uint8Array>,
  bound: number,
  signal: AbortSignal | null | undefined
): Promise<Body> => {
  const chunks: Array<Uint8Array<ArrayBuffer>> = []
  let size = 0
  while (size <= bound) {
    const next = await reader.read()
    signal?.throwIfAborted()
    if (next.done) {
      const bytes = new Uint8Array(await new Blob(chunks).arrayBuffer())
      return { body: bytes, json: new TextDecoder().decode(bytes), repeatable: true, read: true }
    }
    chunks.push(next.value as Uint8Array<ArrayBuffer>)
    size += next.value.length
  }
  const whole = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const first = chunks.shift()
      if (first !== undefined) return controller.enqueue(first)
      const next = await reader.read()
      if (next.done) controller.close()
      else controller.enqueue(next.value)
    },
    cancel: (reason) => reader.cancel(reason)
  })
  return { body: whole, json: undefined, repeatable: false, read: true }
}
