import * as Step from "./Step.js"

/**
 * What comes nearest on the wire to an error that a script asks for by name.
 *
 * @internal
 */
export const onTheWire = ({ error, headers }: Extract<Step.Step, { readonly _tag: "Fail" }>): Step.Step => {
  switch (error._tag) {
    case "RateLimited":
      return Step.rateLimited({ retryAfter: error.retryAfter, headers })
    case "QuotaExhausted":
      return Step.quotaExhausted({ headers })
    case "Overloaded":
      return Step.overloaded({ retryAfter: error.retryAfter, headers })
    case "ServerError":
      return Step.serverError({
        headers,
        ...(error.status !== undefined && error.status >= 500 && { status: error.status })
      })
    case "TimedOut":
      return Step.stall()
    case "ConnectionFailed":
      return Step.reset()
    case "MalformedResponse":
      return Step.truncatedBody({ headers })
    case "StreamInterrupted":
      return Step.cutBody({ after: 1, headers })
    case "ContextLengthExceeded":
      return Step.contextLengthExceeded({ limit: error.limit, requested: error.requested, headers })
    case "RequestTooLarge":
      return Step.status({ status: 413, headers })
    case "ContentFiltered":
      return Step.contentFiltered({ by: error.by, headers })
    case "ModelNotFound":
      return Step.modelNotFound({ headers })
    case "InvalidRequest":
      return Step.status({ status: 400, headers })
    case "Conflict":
      return Step.status({ status: 409, headers })
    case "AuthenticationFailed":
      return Step.invalidKey({ headers })
    case "PermissionDenied":
      return Step.status({ status: 403, headers })
    default:
      return Step.status({ status: 418, headers })
  }
}
