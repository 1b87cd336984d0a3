/**
 * What a vendor's SDK or a platform hands out to be iterated, and how to end it while it is waiting.
 *
 * The iterators of streams and generators answer one question after the other: a `return()` waits for the `next()` before
 * it, which waits for the provider. So what can be ended otherwise is ended otherwise.
 *
 * @internal
 */

/** Begins to iterate. A `ReadableStream` is read by a reader, whose reads a cancellation ends. @internal */
export const iteratorOf = <A>(source: AsyncIterable<A>): AsyncIterator<A> =>
  isReadable(source) ? reading(source) : source[Symbol.asyncIterator]()

/** Ends a source that is waiting, if it is of a kind that can be ended from outside. @internal */
export const cancel = (source: unknown): void => {
  if (typeof source !== "object" || source === null) return
  const { abort, controller, destroy } = source as Cancellable
  // The clients of OpenAI and Anthropic keep the controller of the request with the stream.
  if (typeof controller?.abort === "function") controller.abort()
  // Ollama's.
  else if (typeof abort === "function") abort.call(source)
  // Node's streams.
  else if (typeof destroy === "function") destroy.call(source)
}

interface Cancellable {
  readonly abort?: unknown
  readonly controller?: { readonly abort?: unknown } | null
  readonly destroy?: unknown
}

const isReadable = <A>(source: AsyncIterable<A>): source is AsyncIterable<A> & ReadableStream<A> =>
  typeof (source as Partial<ReadableStream<A>>).getReader === "function"

const reading = <A>(source: ReadableStream<A>): AsyncIterator<A> => {
  const reader = source.getReader()
  return {
    next: () => reader.read() as Promise<IteratorResult<A>>,
    return: () => reader.cancel().then(() => ({ done: true, value: undefined }))
  }
}
