import * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import { type Call, type Heading, whole } from "./Call.js"
import type { Problem } from "./Problem.js"

interface Complaining {
  readonly status?: number | undefined
  readonly message?: string | undefined
  readonly retryAfter?: Duration.DurationInput | undefined
  readonly limit?: number | undefined
  readonly requested?: number | undefined
}

/** The dialect's error envelope. @internal */
export const complain = (call: Call, step: Heading, problem: Problem, about: Complaining): Effect.Effect<void> => {
  const seconds = about.retryAfter === undefined ? undefined : Duration.toSeconds(about.retryAfter)
  const { body, headers, status } = call.wire.problem(problem, {
    model: call.request.model,
    message: about.message,
    requestId: call.requestId,
    retryAfterSeconds: seconds,
    limit: about.limit,
    requested: about.requested
  })
  return whole(call, step, about.status ?? status, body, "application/json", { ...headers, ...hint(seconds) })
}

const hint = (seconds: number | undefined): Readonly<Record<string, string>> =>
  seconds === undefined
    ? {}
    : {
        "retry-after": String(Math.ceil(seconds)),
        ...(!Number.isInteger(seconds) && { "retry-after-ms": String(Math.round(seconds * 1000)) })
      }
