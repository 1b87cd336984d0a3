import * as Redacted from "effect/Redacted"
import { failureOf } from "../errors/failureOf.js"
import { isLlmError, StreamInterrupted } from "../errors/llmError.js"
import type { Received } from "./received.js"

/**
 * The failure of a stream whose content the consumer has already. What is known of the real one is copied, and the real
 * one itself is its cause.
 *
 * @internal
 */
export const interrupted = <A>(target: string, received: Received<A>, error: unknown): StreamInterrupted => {
  const failure = failureOf(error)
  return new StreamInterrupted({
    target,
    partial: Redacted.make(received.text.toString()),
    emittedToolCalls: [...received.toolCalls],
    message: `${target} broke off after content had been delivered: ${failure.message}`,
    cause: Redacted.make(error),
    ...(received.usage !== undefined && { usage: received.usage }),
    ...(isLlmError(failure) && described(failure))
  })
}

const described = ({ code, model, provider, requestId, retryAfter, status }: Described) => ({
  code,
  model,
  provider,
  requestId,
  retryAfter,
  status
})

type Described = Pick<StreamInterrupted, "code" | "model" | "provider" | "requestId" | "retryAfter" | "status">
