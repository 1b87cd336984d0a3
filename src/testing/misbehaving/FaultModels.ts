/**
 * Models that exist in order to misbehave: asking for `fault/429` gets a 429, whatever the script says.
 */
import * as Script from "./Script.js"
import * as Step from "./Step.js"

const faults: Readonly<Record<string, Step.Step>> = {
  "401": Step.invalidKey(),
  "404": Step.modelNotFound(),
  "429": Step.rateLimited({ retryAfter: "1 second" }),
  "429-no-hint": Step.rateLimited(),
  "500": Step.serverError(),
  "502": Step.proxyPage(),
  "503": Step.overloaded({ status: 503 }),
  "504": Step.proxyPage({ status: 504 }),
  "529": Step.overloaded({ status: 529 }),
  quota: Step.quotaExhausted(),
  "context-length": Step.contextLengthExceeded(),
  "content-filter": Step.contentFiltered(),
  prefill: Step.prefillRejected(),
  refusal: Step.contentFiltered({ by: "refusal" }),
  reset: Step.reset(),
  close: Step.close(),
  stall: Step.stall(),
  "stall-after-headers": Step.stallAfterHeaders(),
  "stall-after-content": Step.stallAfterContent({ after: 3 }),
  "keep-alives": Step.keepAlivesOnly(),
  slow: Step.answer({ firstToken: "1 second", betweenChunks: "200 millis" }),
  cut: Step.cutBody({ after: 3 }),
  "cut-reset": Step.cutBody({ after: 3, by: "reset" }),
  "cut-end": Step.cutBody({ after: 3, by: "end" }),
  "malformed-event": Step.malformedEvent({ at: 2 }),
  "no-end-marker": Step.omitEndMarker(),
  "error-in-stream": Step.errorInStream({ after: 3 }),
  "error-in-200": Step.errorBodyIn200(),
  empty: Step.emptyBody(),
  truncated: Step.truncatedBody(),
  "wrong-content-type": Step.wrongContentType(),
  noise: Step.noise(),
  awkward: Step.answer({ boundaries: "anywhere" })
}

const prefix = "fault/"
const once = "-once"

/** @internal */
export const names: ReadonlyArray<string> = Object.keys(faults).map((name) => `${prefix}${name}`)

/** The script of a model of the table: always the fault, or with `-once` at its end the fault and then right answers. @internal */
export const scriptOf = (model: string): Script.Script | undefined => {
  if (!model.startsWith(prefix)) return undefined
  const name = model.slice(prefix.length)
  const fault = (name: string) => (Object.hasOwn(faults, name) ? faults[name] : undefined)
  const always = fault(name)
  if (always !== undefined) return Script.always(always)
  const first = name.endsWith(once) ? fault(name.slice(0, -once.length)) : undefined
  return first === undefined ? undefined : Script.inOrder([first], { afterwards: "answer" })
}
