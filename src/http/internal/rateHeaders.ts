import { isOfLimits } from "../../internal/load/remaining.js"
import type { HeadersSeen } from "./seen.js"

/**
 * What the headers of a response say of the provider's own limits, if anything.
 *
 * @internal
 */
export const rateHeaders = (headers: HeadersSeen): Readonly<Record<string, string>> | undefined => {
  let found: Record<string, string> | undefined
  for (const [name, value] of headers) {
    if (!isOfLimits(name)) continue
    found ??= {}
    found[name] = value
  }
  return found
}
