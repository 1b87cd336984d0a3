/**
 * What a call is expected to use, by its request.
 *
 * @internal
 */
import { type Estimate, none } from "../../internal/load/rateLimit.js"
import { estimated } from "../../internal/load/tokens.js"
import type { Recognised } from "./modelRequest.js"

type Fields = Readonly<Record<string, unknown>>

/** Clients allow for far more than models use, and what is used beyond it is settled afterwards. */
const mostOutput = 4_096

/** What a picture or another attachment is taken for. */
const attachment = 1_000

/** What says nothing to a model, however long it is. */
const settings =
  /^(?:model|user|metadata|safety_identifier|prompt_cache_key|service_tier|id|call_id|tool_call_id|type|role|format|mime_?type|media_type|signature|thought_?signature|encrypted_content)$/i

/**
 * Input: the texts of the request's body, a token for four characters of ASCII and one for each other character, and 1 000
 * for what is attached as data. Output: what the body allows for each of its answers, at most 4 096; a request that can
 * have no output has none.
 *
 * @internal
 */
export const estimateOf = ({ api, body }: Pick<Recognised, "api" | "body">): Estimate => {
  const noOutput = api.generates === false ? { outputTokens: 0 } : none
  if (body === undefined) return noOutput
  const inputTokens = tokensIn(body)
  if (api.generates === false) return { inputTokens, ...noOutput }
  const allowed = allowedBy(body)
  return allowed === undefined
    ? { inputTokens }
    : { inputTokens, outputTokens: Math.min(allowed, mostOutput) * answersOf(body) }
}

/** A body may hold more lists in one another than calls of a function can be. */
const tokensIn = (body: Fields): number => {
  let tokens = 0
  const left: Array<unknown> = [body]
  while (left.length > 0) {
    const value = left.pop()
    if (typeof value === "string") tokens += isData(value) ? attachment : estimated(value)
    else if (typeof value === "object" && value !== null) {
      for (const [name, inner] of Object.entries(value)) if (!settings.test(name)) left.push(inner)
    }
  }
  return tokens
}

/** Base64 has no spaces, and nobody writes a word of so many letters. */
const isData = (text: string): boolean =>
  text.length > 1_000 && (text.startsWith("data:") || /^[A-Za-z0-9+/_=-]+$/.test(text.slice(0, 1_000)))

const allowedBy = (body: Fields): number | undefined =>
  numberIn(body, "max_completion_tokens", "max_output_tokens", "max_tokens", "maxTokens") ??
  numberIn(fieldsOf(body.generationConfig ?? body.generation_config), "maxOutputTokens", "max_output_tokens") ??
  numberIn(fieldsOf(body.inferenceConfig), "maxTokens") ??
  numberIn(fieldsOf(body.options), "num_predict")

const answersOf = (body: Fields): number =>
  numberIn(body, "n") ?? numberIn(fieldsOf(body.generationConfig), "candidateCount") ?? 1

const numberIn = (fields: Fields, ...names: ReadonlyArray<string>): number | undefined => {
  for (const name of names) {
    const value = fields[name]
    if (typeof value === "number" && value > 0 && Number.isFinite(value)) return value
  }
  return undefined
}

const fieldsOf = (value: unknown): Fields => (typeof value === "object" && value !== null ? (value as Fields) : {})
