/**
 * What a request is expected to use, where a limit of its client or of a target reserves by it. Its body is read for that,
 * so only then, and once.
 *
 * @internal
 */
import type { Api } from "../../http/internal/apis.js"
import { estimateOf } from "../../http/internal/estimate.js"
import type { Estimate } from "../../internal/load/rateLimit.js"

/** @internal */
export const expected = (api: Api, bytes: Buffer): (() => Estimate) => {
  let estimate: Estimate | undefined
  return () => {
    estimate ??= estimateOf({ api, body: fieldsOf(bytes) })
    return estimate
  }
}

/** What is only passed on has not been looked at whole, so here it may turn out to be no JSON. */
const fieldsOf = (bytes: Buffer): Readonly<Record<string, unknown>> | undefined => {
  try {
    return JSON.parse(bytes.toString("utf8"))
  } catch {
    return undefined
  }
}
