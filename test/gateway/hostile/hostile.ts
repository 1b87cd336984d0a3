/**
 * One thing that nobody should do to a gateway, and what is answered to it.
 */
import type { Socket } from "node:net"

export interface Hostile {
  readonly name: string
  /** Of several pieces, each is sent a while after the one before it. A string is bytes, not letters. */
  readonly sent: string | Buffer | ReadonlyArray<string | Buffer>
  /** The statuses of the answers, in order. What is no success has to be an error in the dialect that is asked for. */
  readonly answers: ReadonlyArray<number>
  /** OpenAI's where nothing else is said. */
  readonly dialect?: "openai" | "anthropic" | "operator"
  /** Of the last answer. */
  readonly allow?: string
  readonly method?: string
  /** The last answer says that its connection ends. */
  readonly closes?: true
  /** Waits for the gateway to close the connection. */
  readonly stays?: true
  /** How it leaves when all has been sent, without waiting for an answer. */
  readonly leaves?: (socket: Socket) => void
}

export const one = (name: string, status: number, sent: Hostile["sent"], more: Partial<Hostile> = {}): Hostile => ({
  name,
  sent,
  answers: [status],
  ...more
})
