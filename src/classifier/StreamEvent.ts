/**
 * An event of a stream that says that there will be no answer becomes an `LlmError`.
 */
import * as Option from "effect/Option"
import type { LlmError } from "../internal/errors/llmError.js"
import * as Foreign from "../internal/errors/safeRead.js"
import { badEnding } from "./Ending.js"
import { failureBody, fromErrorBody, onlyDetail, parsed } from "./ErrorBody.js"
import { ofCall } from "./Failures.js"
import { fromUnknown } from "./Unknown.js"
import type { Origin } from "./Verdict.js"

/**
 * One event of a stream.
 *
 * @since 0.1.0
 * @category Models
 */
export interface StreamEvent extends Origin {
  /** What stands after `data:`, a line of newline-delimited JSON, or either already parsed. */
  readonly data: unknown
  /** What stands after `event:`, or the `:exception-type` of an AWS frame. */
  readonly event?: string | undefined
}

/** AWS names an error by the type of its frame; as one object, the frame is named by its only key. */
const exception = /^[a-z]+(?:[A-Z][a-z]+)*Exception$/i

const exceptions = [
  ...["internalServer", "modelStreamError", "modelTimeout", "modelError", "modelNotReady", "throttling", "validation"],
  ...["serviceUnavailable", "serviceQuotaExceeded", "accessDenied", "resourceNotFound", "badGateway", "conflict"],
  ...["dependencyFailed", "unrecognizedClient", "expiredToken", "internalStreamFailure", "modelInvocation"]
].flatMap((name) => [`${name}Exception`, `${name.charAt(0).toUpperCase()}${name.slice(1)}Exception`])

const frame = (data: unknown, event: string | undefined): string | undefined => {
  if (event !== undefined && exception.test(event)) return event
  const type = Foreign.text(data, ":exception-type") ?? Foreign.text(data, "__type")
  if (type !== undefined) return type
  return Foreign.isObject(data) ? exceptions.find((name) => Foreign.isObject(Foreign.get(data, name))) : undefined
}

/** Lines that are part of the transport: comments, the end marker, blank ones. */
const isBlank = (data: unknown): boolean =>
  data === undefined || data === null || (typeof data === "string" && /^\s*(?:$|:|\[DONE\])/.test(data))

/** llama.cpp writes `error: {...}` where a line of data should be; others hand on the line with its field name. */
const fieldOf = (data: unknown): { readonly field: string | undefined; readonly rest: unknown } => {
  const match = typeof data === "string" ? /^(data|error):/.exec(data.slice(0, 6)) : null
  return match === null
    ? { field: undefined, rest: data }
    : { field: match[1], rest: (data as string).slice(match[0].length).trim() }
}

/** @internal */
export const fromStreamEvent = (given: StreamEvent): Option.Option<LlmError> => {
  const { field, rest } = fieldOf(given.data)
  if (isBlank(rest) && given.event !== "error") return Option.none()
  const data = parsed(rest)

  const thrown = Foreign.get(data, "error")
  if (Foreign.isError(thrown)) return Option.some(fromUnknown(thrown, given))

  const exceptionType = frame(data, given.event)
  if (exceptionType !== undefined) {
    const body = Foreign.get(data, exceptionType) ?? data
    const headers = { "x-amzn-errortype": exceptionType.replace(/^./, (first) => first.toUpperCase()) }
    const from = { ...given, provider: given.provider ?? "bedrock" }
    return Option.some(fromErrorBody(body, from, { headers, cause: given.data }))
  }

  const body =
    failureBody(data) ??
    onlyDetail(data) ??
    (given.event === "error" || field === "error" ? { error: data } : undefined)
  if (body !== undefined) return Option.some(fromErrorBody(body, given, { cause: given.data }))

  const verdict = Foreign.isList(data)
    ? Foreign.items(data, 256)
        .map(badEnding)
        .find((found) => found !== undefined)
    : badEnding(data)
  return verdict === undefined ? Option.none() : Option.some(ofCall(verdict, given.data, given))
}
