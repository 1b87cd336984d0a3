/**
 * What may stand in an error that people print: names and numbers of a known shape, never free text.
 */
import type { Rule } from "./Dialect.js"
import type { Facts } from "./Said.js"

const looksLikeAKey =
  /^(?:sk|pk|rk|gsk|xai|hf|aiza|akia|asia|bearer|eyj|key|r8|pplx|csk|ghp|github_pat)[-_]|^(?:aiza|akia|eyj)|\d{7}/
const looksLikeANumber = /^\d{3,6}$/
const says = new Set(["error", "failure", "failed", "exception", "errors", "fail"])

/** A word, a number, or a word with a number at its end: `exceeded`, `1302`, `http2`, `v1beta`. */
const isPart = (part: string): boolean =>
  /^(?:[a-z]{1,27}|\d{1,6}|[a-z]{1,12}\d{1,3}|[a-z]\d{4,5}|[a-z]\d[a-z]{2,8})$/.test(part) &&
  !/^[a-f\d]{8}|[^aeiouy\d]{7}/.test(part)

/** Names are made of words; a key that a provider echoes in their place changes between letters, digits and cases. */
const isMadeOfWords = (name: string): boolean => {
  const parts = name
    .replace(/([a-z\d])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .split(/[_-]/)
  return parts.every(isPart) && parts.length <= 12 && name.length >= 3 * (parts.length - 1)
}

/**
 * Whether it is shaped as the codes of failures are, and may be printed.
 *
 * @internal
 */
export const isCodeShaped = (code: string): boolean =>
  code.length <= 80 && !looksLikeAKey.test(code.toLowerCase()) && code.split(/[.:]/).every(isMadeOfWords)

const isSafeName = (facts: Facts, name: string): boolean =>
  /^[a-z]./.test(name) && !says.has(name) && isCodeShaped(spelled(facts, name))

/**
 * The name the provider gave the failure: the one that decided, else the first one that says more than the status.
 *
 * @internal
 */
export const codeOf = (facts: Facts, rule: Rule | undefined): string | undefined => {
  if (facts.codes.size + facts.types.size === 0) return undefined
  const decided = rule && (among(rule.name, facts) ?? among(rule.code, facts) ?? among(rule.type, facts))
  const found = decided ?? [...facts.codes, ...facts.types].find((name) => isSafeName(facts, name))
  if (found !== undefined) return spelled(facts, found)
  return [...facts.codes].find((code) => looksLikeANumber.test(code) && !/^[1-5]\d\d$/.test(code))
}

const among = (wanted: Rule["name"], { codes, types }: Facts): string | undefined => {
  if (wanted === undefined) return undefined
  const isThere = (name: string): boolean => codes.has(name) || types.has(name)
  return (typeof wanted === "string" ? [wanted] : wanted).map((name) => name.toLowerCase()).find(isThere)
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
