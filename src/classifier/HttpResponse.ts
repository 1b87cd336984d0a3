/**
 * A failed HTTP response becomes an `LlmError`.
 */
import * as Redacted from "effect/Redacted"
import * as LlmError from "../LlmError.js"
import { anthropic } from "./Anthropic.js"
import { type Dialect, firstFit, type Verdict } from "./Dialect.js"
import { type Facts, gather, type HeadersInput, headersOf } from "./Facts.js"
import { generic } from "./Generic.js"
import { openAi } from "./OpenAi.js"
import { retryHint } from "./RetryHint.js"

/**
 * A response that is a failure, as any HTTP client has it.
 *
 * @since 0.1.0
 * @category Models
 */
export interface HttpFailure {
  readonly status: number
  /** A record, a `Headers`, or pairs; names in any case. */
  readonly headers?: HeadersInput | undefined
  /** The body as text, as bytes, or already parsed. */
  readonly body?: unknown
  /** Whose dialect it is. Recognised from the headers and the body where it is not said. */
  readonly provider?: string | undefined
  /** The target's name, as the toolkit knows it. */
  readonly target?: string | undefined
  readonly model?: string | undefined
  /** The time now, in milliseconds, for hints that name a moment. The response's own `date` header goes before it. */
  readonly now?: number | undefined
}

const dialects: ReadonlyArray<Dialect> = [openAi, anthropic]

const chain = (provider: string | undefined, facts: Facts): ReadonlyArray<Dialect> => {
  const named = provider?.toLowerCase()
  const of = dialects.filter((d) => named !== undefined && [d.name, ...(d.aliases ?? [])].includes(named))
  const recognised = dialects.filter((d) => d.recognise?.(facts))
  return [...new Set([...of, ...recognised, openAi, generic])]
}

const byClass = (status: number): Verdict => ({
  is:
    status >= 500 && status < 600
      ? "ServerError"
      : status >= 300 && status < 500
        ? "InvalidRequest"
        : status >= 200 && status < 300
          ? "MalformedResponse"
          : "Unclassified"
})

/** @internal */
export const fromHttpResponse = (failure: HttpFailure): LlmError.LlmError => {
  const facts = gather(failure.status, headersOf(failure.headers), failure.body)
  const order = chain(failure.provider, facts)
  const verdict: Verdict = firstFit(order, facts) ?? byClass(facts.status)
  const retryAfter = retryHint(facts)
  const obeyed = facts.header("x-should-retry")
  const retryable = obeyed === "true" ? true : obeyed === "false" ? false : verdict.retryable
  const requestId = facts.header("x-request-id") ?? facts.header("request-id") ?? facts.values("request_id")[0]
  const code = [...facts.codes, ...facts.types][0]
  const shared = {
    message: `${failure.target ?? failure.provider ?? "The provider"} failed with status ${failure.status}`,
    status: failure.status,
    ...(failure.target !== undefined && { target: failure.target }),
    ...(failure.provider !== undefined && { provider: failure.provider }),
    ...(failure.model !== undefined && { model: failure.model }),
    ...(code !== undefined && { code }),
    ...(requestId !== undefined && { requestId }),
    ...(retryAfter !== undefined && { retryAfter }),
    ...(retryable !== undefined && { retryable }),
    ...(facts.message !== "" && { providerMessage: Redacted.make(facts.message.slice(0, 2_000)) }),
    cause: Redacted.make<unknown>(failure)
  }
  return make(verdict, shared)
}

type Shared = ConstructorParameters<typeof LlmError.ServerError>[0]

const make = (verdict: Verdict, shared: Shared): LlmError.LlmError => makers[verdict.is](shared, verdict)

const makers: Readonly<Record<LlmError.Tag, (shared: Shared, verdict: Verdict) => LlmError.LlmError>> = {
  RateLimited: (shared) => new LlmError.RateLimited(shared),
  QuotaExhausted: (shared) => new LlmError.QuotaExhausted(shared),
  Overloaded: (shared) => new LlmError.Overloaded(shared),
  ServerError: (shared) => new LlmError.ServerError(shared),
  TimedOut: (shared) => new LlmError.TimedOut({ ...shared, phase: "provider" }),
  ConnectionFailed: (shared) => new LlmError.ConnectionFailed({ ...shared, sent: "maybe" }),
  MalformedResponse: (shared) => new LlmError.MalformedResponse(shared),
  StreamInterrupted: (shared) => new LlmError.StreamInterrupted({ ...shared, partial: "", emittedToolCalls: [] }),
  ContextLengthExceeded: (shared) => new LlmError.ContextLengthExceeded(shared),
  RequestTooLarge: (shared) => new LlmError.RequestTooLarge(shared),
  ContentFiltered: (shared, { by = "prompt" }) => new LlmError.ContentFiltered({ ...shared, by }),
  ModelNotFound: (shared) => new LlmError.ModelNotFound(shared),
  InvalidRequest: (shared) => new LlmError.InvalidRequest(shared),
  Conflict: (shared) => new LlmError.Conflict(shared),
  AuthenticationFailed: (shared) => new LlmError.AuthenticationFailed(shared),
  PermissionDenied: (shared) => new LlmError.PermissionDenied(shared),
  Unclassified: (shared) => new LlmError.Unclassified(shared)
}
