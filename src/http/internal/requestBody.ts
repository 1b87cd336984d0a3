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
  if (isOnce(body)) return keepStream(streamOf(body), bound, signal)
  const json = body instanceof Blob && body.size <= bound ? await body.text() : undefined
  return { body, json, repeatable: true, read: false }
}

type Once = ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>

/** Node's `fetch` takes generators and Node's own streams too, which are empty when they are read again. */
const isOnce = (body: BodyInit | Once | null): body is Once =>
  typeof body === "object" && body !== null && ("getReader" in body || Symbol.asyncIterator in body)

const streamOf = (body: Once): ReadableStream<Uint8Array> => {
  if ("getReader" in body) return body
  const iterator = body[Symbol.asyncIterator]()
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const next = await iterator.next()
        if (next.done === true) controller.close()
        else controller.enqueue(next.value)
      },
      cancel: async () => {
        await iterator.return?.()
      }
    },
    { highWaterMark: 0 }
  )
}

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
  if (signal?.aborted === true) onAbort()
  else signal?.addEventListener("abort", onAbort, { once: true })
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
    const next = await reader.read().catch(failed)
    signal?.throwIfAborted()
    if (next.done) {
      // A redirect asks for a body once more, and Node has by then let go of the bytes of an array.
      const whole = new Blob(chunks)
      return { body: whole, json: await whole.text(), repeatable: true, read: true }
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

/** As `fetch` tells of a body of its caller's that fails. */
const failed = (cause: unknown): never => {
  throw new TypeError("fetch failed", { cause })
}
