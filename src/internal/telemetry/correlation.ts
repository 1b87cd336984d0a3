import * as Context from "effect/Context"

/**
 * Whom a call is made for: an id of the application's own (of a request, a job, a conversation), which every event of the
 * calls under it carries as `correlation`. It is written as it is, so it must hold nothing that is secret.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { LlmCall, Resilience, Telemetry } from "effect-resilience"
 *
 * const answer = LlmCall.tryPromise({ try: async () => "42" }).pipe(Resilience.protect("acme/large"))
 *
 * export const handle = (requestId: string) => Effect.provideService(answer, Telemetry.CorrelationId, requestId)
 * ```
 *
 * @since 0.1.0
 * @category Correlation
 */
export class CorrelationId extends Context.Reference<CorrelationId>()("effect-resilience/CorrelationId", {
  defaultValue: (): string | undefined => undefined
}) {}
