/**
 * Bytes of a stream of server-sent events, cut anywhere, as events.
 *
 * @internal
 */
import { createParser } from "eventsource-parser"
import { MalformedResponse } from "../../internal/errors/llmError.js"
import type { ServerSentEvent } from "../../StreamDialect.js"

/** @internal */
export interface DecoderOptions {
  readonly target?: string | undefined
  readonly provider?: string | undefined
  readonly maxEventSize: number
}

/** What stands before the data of a line, and the end of the line. */
const aroundData = 16

/** @internal */
export class Decoder {
  /** It drops a byte order mark, and replaces what is no UTF-8, as the format demands. */
  private readonly text = new TextDecoder()
  private found: Array<ServerSentEvent> = []
  private tooLarge = false
  private readonly parser

  constructor(private readonly options: DecoderOptions) {
    const { maxEventSize } = options
    this.parser = createParser({
      maxBufferSize: maxEventSize + aroundData,
      onEvent: ({ data, event, id }) => {
        if (data.length > maxEventSize) this.tooLarge = true
        else if (!this.tooLarge) {
          this.found.push({ data, ...(event !== undefined && { event }), ...(id !== undefined && { id }) })
        }
      },
      // Unknown fields and a `retry` that is no number are to be passed over.
      onError: ({ type }) => {
        if (type === "max-buffer-size-exceeded") this.tooLarge = true
      }
    })
  }

  /** The events that are complete with these bytes. Throws what is wrong, once those before it have been handed out. */
  feed(bytes: Uint8Array): ReadonlyArray<ServerSentEvent> {
    return this.parse(this.decode(bytes))
  }

  /** The characters that are complete with these bytes, to be parsed. */
  decode(bytes: Uint8Array): string {
    return this.text.decode(bytes, { stream: true })
  }

  /** The events of what is left. A server that closes without the last blank line has said all the same what it said. */
  end(): ReadonlyArray<ServerSentEvent> {
    return this.parse(`${this.text.decode()}\n\n`)
  }

  /** The events that are complete with this text. */
  parse(text: string): ReadonlyArray<ServerSentEvent> {
    if (!this.tooLarge) this.parser.feed(text)
    const { found } = this
    this.found = []
    if (this.tooLarge && found.length === 0) throw this.failure()
    return found
  }

  private failure(): MalformedResponse {
    const { maxEventSize, provider, target } = this.options
    return new MalformedResponse({
      target,
      provider,
      code: "event_too_large",
      message: `${target ?? "The provider"} sent an event of more than ${maxEventSize} characters`
    })
  }
}
