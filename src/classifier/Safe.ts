/**
 * What may stand in an error that people print: names and numbers of a known shape, never free text.
 */
import type { Rule } from "./Dialect.js"
import type { Facts } from "./Facts.js"

const looksLikeAName = /^[a-z][a-z0-9_.:-]{1,79}$/
const looksLikeAKey =
  /^(?:sk|pk|rk|gsk|xai|hf|aiza|akia|asia|bearer|eyj|key|r8|pplx|csk|ghp|github_pat)[-_]|^(?:aiza|akia|eyj)|[a-z0-9]{28}|\d{7}/
const looksLikeANumber = /^\d{3,6}$/
const says = new Set(["error", "failure", "failed", "exception", "errors", "fail"])

const isSafeName = (name: string): boolean => looksLikeAName.test(name) && !looksLikeAKey.test(name) && !says.has(name)

/**
 * The name the provider gave the failure: the one that decided, else the first one that says more than the status.
 *
 * @internal
 */
export const codeOf = (facts: Facts, rule: Rule | undefined): string | undefined => {
  const decided = [rule?.name, rule?.code, rule?.type]
    .flat()
    .map((name) => name?.toLowerCase())
    .find((name) => name !== undefined && (facts.codes.has(name) || facts.types.has(name)))
  const found = decided ?? [...facts.codes, ...facts.types].find(isSafeName)
  if (found !== undefined) return spelled(facts, found)
  return [...facts.codes].find((code) => looksLikeANumber.test(code) && !/^[1-5]\d\d$/.test(code))
}

/** As the provider spells it: `ThrottlingException`, `RESOURCE_EXHAUSTED`. */
const spelled = (facts: Facts, name: string): string => facts.spelling.get(name) ?? name

const looksLikeAnId = /^[\w.:=+/@-]{4,128}$/
const idHeaders = [
  ...["x-request-id", "request-id", "x-amzn-requestid", "apim-request-id", "x-ms-request-id", "x-goog-request-id"],
  ...["x-groq-request-id", "mistral-correlation-id", "x-ds-trace-id", "x-litellm-call-id", "x-generation-id", "cf-ray"]
]

/** @internal */
export const requestIdOf = (facts: Facts): string | undefined =>
  [...idHeaders.map((name) => facts.header(name)), ...facts.values("request_id"), ...facts.values("ray_id")].find(
    (id) => id !== undefined && looksLikeAnId.test(id) && !looksLikeAKey.test(id.toLowerCase().slice(0, 8))
  )
