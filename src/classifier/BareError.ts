/**
 * An `Error` that holds nothing but its message: what most programs throw, and what most failures of an outage are.
 *
 * Asking such an error for each place of each client and each dialect takes longer than all the rest of reading it, so
 * all of them are looked at once, and only its words are read afterwards.
 */
import * as Runtime from "effect/Runtime"

/** Whatever some reader asks an error for, first of all. */
interface Asked {
  readonly [name: PropertyKey]: unknown
}

/** Written out: a name that stands in the code is looked up many times faster than one that comes out of a list. */
const holdsSomething = (error: Asked): boolean =>
  // What it calls itself, and what hangs on it.
  error._tag !== undefined ||
  error.cause !== undefined ||
  error.error !== undefined ||
  error.errors !== undefined ||
  error.lastError !== undefined ||
  error.originalError !== undefined ||
  error.reason !== undefined ||
  error.failure !== undefined ||
  error[Runtime.FiberFailureCauseId] !== undefined ||
  // A response, as the clients keep it, or one of their marks.
  error.status !== undefined ||
  error.statusCode !== undefined ||
  error.status_code !== undefined ||
  error.response !== undefined ||
  error.httpResponse !== undefined ||
  error.headers !== undefined ||
  error.requestID !== undefined ||
  error.$metadata !== undefined ||
  error.$response !== undefined ||
  error.$fault !== undefined ||
  // A failure of the connection, and what the error says of trying again.
  error.code !== undefined ||
  error.errno !== undefined ||
  error.retryable !== undefined ||
  error.isRetryable !== undefined ||
  // An error body that was thrown as it came.
  error.type !== undefined ||
  error.object !== undefined ||
  error.delta !== undefined ||
  error.choices !== undefined ||
  error.base_resp !== undefined ||
  error.baseResp !== undefined ||
  error.header !== undefined ||
  error.success !== undefined ||
  error.Response !== undefined ||
  error.ResponseMetadata !== undefined ||
  error.output !== undefined

/** The same of all of them, and no error of a class that means something by its name. @internal */
export const isBareError = (value: object): value is Error => {
  try {
    if (Object.getPrototypeOf(value) !== Error.prototype) return false
    const error = value as Asked & Error
    return error.name === "Error" && error.constructor === Error && !holdsSomething(error)
  } catch {
    return false
  }
}
