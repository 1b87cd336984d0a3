/**
 * What is particular to the HTTP seam, for `fetch` and `HttpClient` alike.
 *
 * @internal
 */
import { invalid, number } from "../../internal/options/check.js"
import type { Settings } from "./exchange.js"
import { type ModelRequest, targetOf } from "./modelRequest.js"
import type { Fallback } from "./outgoing.js"

/**
 * What is particular to this seam.
 *
 * @since 0.1.0
 * @category Models
 */
export interface SeamOptions {
  /**
   * The name of the target that a request is for, or `undefined` to let it pass untouched. Default: the provider (the
   * host, where it is none of the known ones) and the model, as in `"openai/gpt-5"`.
   */
  readonly target?: ((request: ModelRequest) => string | undefined) | undefined
  /** Where a request goes when its own target cannot answer, in order. All speak the wire format of the request. */
  readonly fallbacks?: ReadonlyArray<Fallback> | ((request: ModelRequest) => ReadonlyArray<Fallback>) | undefined
  /**
   * What happens to a streamed answer that breaks off: with `incremental` (the default) the body ends with an error once
   * content has passed; `buffered` holds the answer back until it is whole, and can still ask again.
   */
  readonly delivery?: "incremental" | "buffered" | undefined
  /** How many bytes of a streamed answer may be held back for its first content. Default 262 144. */
  readonly preambleBytes?: number | undefined
  /**
   * How many bytes of a request body that can be read once only are kept, so that it may be sent again. A longer one is
   * sent once. Default 1 048 576.
   */
  readonly bodyBytes?: number | undefined
}

/** @internal */
export interface Seam {
  readonly target: (request: ModelRequest) => string | undefined
  readonly settings: (request: ModelRequest) => Settings
  readonly bodyBytes: number
}

/** The options of the seam, apart from those of the policies. @internal */
export const apart = <Options extends SeamOptions>({
  bodyBytes,
  delivery,
  fallbacks,
  preambleBytes,
  target,
  ...policies
}: Options): { readonly seam: SeamOptions; readonly policies: Omit<Options, keyof SeamOptions> } => ({
  seam: { bodyBytes, delivery, fallbacks, preambleBytes, target },
  policies
})

/** @internal */
export const compile = (where: string, options: SeamOptions): Seam => {
  const { delivery = "incremental", fallbacks = [], target = targetOf } = options
  if (delivery !== "incremental" && delivery !== "buffered") {
    throw invalid(where, "delivery", delivery, "incremental or buffered")
  }
  if (typeof target !== "function") throw invalid(where, "target", target, "a function")
  if (typeof fallbacks !== "function" && !Array.isArray(fallbacks)) {
    throw invalid(where, "fallbacks", fallbacks, "a list of targets, or a function that gives one")
  }
  const preambleBytes = number(where, "preambleBytes", options.preambleBytes ?? 262_144, 0)
  const bodyBytes = number(where, "bodyBytes", options.bodyBytes ?? 1_048_576, 0)
  const others = typeof fallbacks === "function" ? fallbacks : () => fallbacks
  return {
    target,
    bodyBytes,
    settings: (request) => ({ fallbacks: others(request), delivery, preambleBytes })
  }
}
