import * as Redacted from "effect/Redacted"
import { isLlmError, StreamInterrupted } from "../../LlmError.js"
import { failureOf } from "../failureOf.js"
import type { Intake } from "./intake.js"

/**
 * The failure of a stream whose content the consumer has already. What is known of the real one is copied, and the real
 * one itself is its cause.
 *
 * @internal
 */
export const interrupted = <A>(target: string, intake: Intake<A>, error: unknown): StreamInterrupted => {
  const failure = failureOf(error)
  return new StreamInterrupted({
    target,
    partial: intake.text.toString(),
    emittedToolCalls: [...intake.toolCalls],
    message: `${target} broke off after content had been delivered: ${failure.message}`,
    cause: Redacted.make(error),
    ...(intake.usage !== undefined && { usage: intake.usage }),
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
