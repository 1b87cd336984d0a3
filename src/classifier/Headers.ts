/**
 * The headers of a response as any client has them, by their names in lower case.
 *
 * No runtime tells how many names an object has before it has listed them all. What lists its own pairs is read up to a
 * bound; a plain record is asked for the names that some reader wants, in the spellings that clients use.
 */
import * as Foreign from "../internal/errors/safeRead.js"

/** What readers ask for. */
// biome-ignore format: a table
const wanted = [
  "content-type", "date", "server", "x-should-retry",
  // When to come back.
  "retry-after", "retry-after-ms", "x-retry-after", "x-retry-after-ms", "x-ms-retry-after", "x-ms-retry-after-ms",
  "x-ratelimit-retry-after", "ratelimit", "ratelimit-policy", "ratelimit-reset", "ratelimit-remaining",
  "x-ratelimit-reset", "x-ratelimit-remaining", "x-ratelimit-reset-after",
  ...["requests", "tokens", "tokens-minute", "requests-minute", "requests-day"].flatMap((of) => [
    `x-ratelimit-reset-${of}`, `x-ratelimit-remaining-${of}`
  ]),
  ...["requests", "tokens", "input-tokens", "output-tokens", "unified"].flatMap((of) => [
    `anthropic-ratelimit-${of}-reset`, `anthropic-ratelimit-${of}-remaining`
  ]),
  "anthropic-ratelimit-unified-status", "anthropic-ratelimit-unified-5h-status", "anthropic-ratelimit-unified-7d-status",
  // Which request it was.
  "x-request-id", "request-id", "x-amzn-requestid", "apim-request-id", "x-ms-request-id", "x-goog-request-id",
  "x-groq-request-id", "mistral-correlation-id", "x-ds-trace-id", "x-litellm-call-id", "x-generation-id", "cf-ray",
  // Whose response it is.
  "x-amzn-errortype", "x-ms-region", "fireworks-server-processing-time", "x-compute-type",
  "x-endpoint-monthly-call-limit", "x-github-request-id", "nvcf-reqid", "nvcf-status", "x-vercel-id",
  "openai-processing-ms", "openai-version", "anthropic-organization-id", "x-litellm-version",
  "x-siliconcloud-trace-id", "x-dashscope-call-gateway", "x-groq-region", "x-inference-provider"
]

/** The ones that say when to come back, which are looked for in every spelling. */
const hints = wanted.filter((name) => /^x-should-retry$|retry-after/.test(name))

const capital = (name: string): string => name.replace(/(^|-)[a-z]/g, (first) => first.toUpperCase())

/** As clients spell a name; `X-Request-ID`, `X-RateLimit-Reset` and `x-amzn-ErrorType` are their providers' own. */
const spellings = (name: string): ReadonlyArray<string> => [
  capital(name),
  name.toUpperCase(),
  capital(name).replace("Ratelimit", "RateLimit").replace(/Id$/, "ID"),
  name.replace("errortype", "ErrorType").replace("requestid", "RequestId")
]

const inOtherSpellings = (names: ReadonlyArray<string>): ReadonlyArray<string> => [...new Set(names.flatMap(spellings))]
const allSpelled = inOtherSpellings(wanted)
const hintsSpelled = inOtherSpellings(hints)

/** What a front hands on of the provider's own, under a prefix of its own; where one of the first is, others are. */
const handedOn = wanted.filter((name) => /^x-(?:should-retry|request-id)$|retry-after|ratelimit/.test(name))
const first = ["retry-after", "retry-after-ms", "x-ratelimit-reset-requests", "x-ratelimit-reset-tokens"]

const fronts = [
  ...["llm_provider", "llm-provider", "llmprovider", "upstream", "provider", "origin", "litellm", "portkey"],
  ...["helicone", "gateway", "proxy", "ai-gateway"]
]
  .flatMap((front) => [`${front}-`, `x-${front}-`])
  .map((front) => ({ first: first.map((name) => front + name), all: handedOn.map((name) => front + name) }))

/** @internal */
export const headersIn = (headers: unknown): Readonly<Record<string, string>> =>
  Foreign.record(headers, (read) => {
    read(read(wanted) === 0 ? allSpelled : hintsSpelled)
    for (const { all, first } of fronts) if (read(first) > 0) read(all)
  })
