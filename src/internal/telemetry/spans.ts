/**
 * The spans of attempts, with OpenTelemetry's attributes for calls of generative AI, and the events in the span around them.
 *
 * @internal
 */
import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type * as Tracer from "effect/Tracer"
import { failureOf } from "../errors/failureOf.js"
import type { Answered } from "./answered.js"
import { operationName, providerOf } from "./genAi.js"

interface Asked {
  readonly name: string
  readonly provider: string | undefined
  readonly model: string | undefined
}

type Attributes = Readonly<Record<string, unknown>>

/** What a tracer throws is no concern of the call, whose permits have to be given back. */
const safely = (tell: () => void): void => {
  try {
    tell()
  } catch {}
}

/** The span of an attempt that begins, which somebody has to end; none, if the tracer throws. @internal */
export const attemptSpan = (
  { model, name, provider }: Asked,
  labels: Attributes
): Effect.Effect<Tracer.Span | undefined> =>
  Effect.catchAllCause(
    Effect.makeSpan("llm.attempt", {
      captureStackTrace: false,
      kind: "client",
      attributes: {
        ...labels,
        "gen_ai.operation.name": operationName,
        "gen_ai.provider.name": provider ?? providerOf(name),
        ...(model !== undefined && { "gen_ai.request.model": model })
      }
    }),
    () => Effect.succeed(undefined)
  )

/** Ends it with what the answer has told, or with the failure as the policies read it: no words of a provider's. @internal */
export const endAttemptSpan = (
  span: Tracer.Span,
  clock: Clock.Clock,
  exit: Exit.Exit<unknown, unknown>,
  answered: Answered
): void => {
  const { answeredBy, firstContent, usage } = answered
  const told: Attributes = {
    "gen_ai.response.model": answeredBy,
    "gen_ai.usage.input_tokens": usage?.inputTokens,
    "gen_ai.usage.output_tokens": usage?.outputTokens,
    "gen_ai.usage.cache_read.input_tokens": usage?.cachedInputTokens,
    "gen_ai.usage.cache_creation.input_tokens": usage?.cacheCreationInputTokens,
    "gen_ai.usage.reasoning.output_tokens": usage?.reasoningTokens,
    "llm.first_content_ms": firstContent,
    "error.type": errorType(exit)
  }
  safely(() => {
    for (const [name, value] of Object.entries(told)) if (value !== undefined) span.attribute(name, value)
    span.end(clock.unsafeCurrentTimeNanos(), Exit.isSuccess(exit) ? exit : Exit.failCause(asRead(exit.cause)))
  })
}

const errorType = (exit: Exit.Exit<unknown, unknown>): string | undefined => {
  if (Exit.isSuccess(exit)) return undefined
  const failure = Cause.failureOption(exit.cause)
  if (Option.isSome(failure)) return failureOf(failure.value)._tag
  return Cause.isInterrupted(exit.cause) ? "interrupted" : "defect"
}

/** A defect may quote a request or an answer as a failure may. */
const asRead = (cause: Cause.Cause<unknown>): Cause.Cause<unknown> => {
  const failure = Cause.failureOption(cause)
  if (Option.isSome(failure)) return Cause.fail(failureOf(failure.value))
  const defect = Cause.dieOption(cause)
  return Option.isSome(defect) ? Cause.die(failureOf(defect.value)) : cause
}

/**
 * Notes something in the span that the running fiber is in, if it is in one. For what seldom happens: a wait, a parked
 * target, a hedge, another target.
 *
 * @internal
 */
export const noteInSpan = (name: string, at: number, attributes: () => Record<string, unknown>): void => {
  const fiber = Option.getOrUndefined(Fiber.getCurrentFiber())
  const span = fiber?.currentSpan
  if (span?._tag === "Span" && span.status._tag === "Started") {
    safely(() => span.event(name, BigInt(Math.round(at)) * 1_000_000n, attributes()))
  }
}
