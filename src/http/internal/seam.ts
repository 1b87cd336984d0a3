/**
 * What is particular to the HTTP seam, for `fetch` and `HttpClient` alike.
 *
 * @internal
 */
import type * as Walk from "../../Fallback.js"
import type * as Hedge from "../../Hedge.js"
import { settingsOf as walkSettings } from "../../internal/fallback/settings.js"
import { settingsOf as hedgeSettings } from "../../internal/hedge/plan.js"
import type { Estimate } from "../../internal/load/rateLimit.js"
import { invalid, number } from "../../internal/options/check.js"
import { type Names, refuseUnknown } from "../../internal/options/names.js"
import { estimateOf } from "./estimate.js"
import type { Settings } from "./exchange.js"
import { type ModelRequest, type Recognised, targetOf } from "./modelRequest.js"
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
   * When the next of the `fallbacks` is asked, as in `Fallback.Options`: `fallbackOn`, `patience`, `shareOfDeadline`,
   * `needs`, `sticky`; or what says so for a request, for a `sticky` key that lies in it.
   */
  readonly walk?: Walk.StreamOptions | ((request: ModelRequest) => Walk.StreamOptions) | undefined
  /**
   * Asks the next of the `fallbacks` beside a target whose answer is late, as `Hedge.across`. The first answer wins, of
   * streams the first content, and the connections of the others are closed. Default: one after the other.
   */
  readonly across?: Hedge.Options | undefined
  /**
   * What a request is expected to use, for targets with a `rateLimit` or a `spendLimit`. What is left out is as these say.
   * Default: as input a token for four characters of the body's texts (each that is not ASCII is one, an attachment
   * 1 000), as output what the body allows, at most 4 096.
   */
  readonly estimate?: ((request: ModelRequest) => Estimate) | undefined
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
  readonly settings: (request: Recognised) => Settings
  readonly bodyBytes: number
}

const names: Names<SeamOptions> = {
  target: true,
  fallbacks: true,
  walk: true,
  across: true,
  estimate: true,
  delivery: true,
  preambleBytes: true,
  bodyBytes: true
}

/** The options of the seam, apart from those of the policies. @internal */
export const apart = <Options extends SeamOptions>({
  across,
  bodyBytes,
  delivery,
  estimate,
  fallbacks,
  preambleBytes,
  target,
  walk,
  ...policies
}: Options): { readonly seam: SeamOptions; readonly policies: Omit<Options, keyof SeamOptions> } => ({
  seam: { across, bodyBytes, delivery, estimate, fallbacks, preambleBytes, target, walk },
  policies
})

/** @internal */
export const compile = (where: string, options: SeamOptions): Seam => {
  refuseUnknown(where, "", options, names)
  const { across, delivery = "incremental", estimate = estimateOf, fallbacks = [], target = targetOf, walk } = options
  if (delivery !== "incremental" && delivery !== "buffered") {
    throw invalid(where, "delivery", delivery, "incremental or buffered")
  }
  if (typeof target !== "function") throw invalid(where, "target", target, "a function")
  if (typeof estimate !== "function") throw invalid(where, "estimate", estimate, "a function")
  const preambleBytes = number(where, "preambleBytes", options.preambleBytes ?? 262_144, 0)
  const bodyBytes = number(where, "bodyBytes", options.bodyBytes ?? 1_048_576, 0)
  const others = fallbacksOf(where, fallbacks)
  const walking = walkOf(where, walk, across)
  return {
    target,
    bodyBytes,
    settings: (request) => ({
      fallbacks: others(request),
      walk: walking(request),
      across,
      delivery,
      preambleBytes,
      estimate: () => estimate(request)
    })
  }
}

const fallbackNames: Names<Fallback> = {
  name: true,
  baseUrl: true,
  apiKey: true,
  model: true,
  headers: true,
  contextWindow: true,
  capabilities: true
}

/** A misspelt `baseUrl` would send the request to the first target again. */
const checked = (where: string, fallbacks: unknown): ReadonlyArray<Fallback> => {
  if (!Array.isArray(fallbacks)) throw invalid(where, "fallbacks", fallbacks, "a list of targets")
  fallbacks.forEach((one: Fallback, index) => {
    refuseUnknown(where, `fallbacks[${index}]`, one, fallbackNames)
    if (typeof one.name !== "string" || one.name === "") {
      throw invalid(where, `fallbacks[${index}].name`, one.name, "a name")
    }
    if (one.baseUrl !== undefined && !URL.canParse(one.baseUrl)) {
      throw invalid(where, `fallbacks[${index}].baseUrl`, one.baseUrl, "an address")
    }
  })
  return fallbacks
}

const fallbacksOf = (where: string, fallbacks: Exclude<SeamOptions["fallbacks"], undefined>) => {
  if (typeof fallbacks === "function") return (request: ModelRequest) => checked(where, fallbacks(request))
  const same = checked(where, fallbacks)
  return () => same
}

const none: Walk.StreamOptions = {}

/** Beside each other nobody is waited for, so of a walk's options only `fallbackOn` says anything. */
const walkOf = (where: string, walk: SeamOptions["walk"], across: Hedge.Options | undefined) => {
  if (across !== undefined) {
    hedgeSettings(across)
    if (walk !== undefined) {
      throw new RangeError(`${where}: walk is given beside across, and has to be left out; across has a fallbackOn`)
    }
  }
  if (typeof walk === "function") return walk
  if (walk !== undefined) walkSettings(walk as Walk.Options)
  return () => walk ?? none
}
