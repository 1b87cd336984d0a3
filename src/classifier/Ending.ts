/**
 * How an answer ended, in each dialect's own words: the endings that mean there is no answer.
 *
 * An answer cut at the caller's own limit of tokens is still an answer, and so is one that calls a tool, pauses, or
 * fills the context window; such endings are not listed.
 */
import * as Foreign from "../internal/errors/safeRead.js"
import { isEnd } from "../internal/stream/dialect/ending.js"
import { isCodeShaped } from "./Safe.js"
import { table, type Verdict } from "./Verdict.js"

const filtered: Verdict = { is: "ContentFiltered", by: "completion" }
const refused: Verdict = { is: "ContentFiltered", by: "refusal" }
const blockedPrompt: Verdict = { is: "ContentFiltered", by: "prompt" }
const failed: Verdict = { is: "ServerError" }
const overloaded: Verdict = { is: "Overloaded" }
const malformed: Verdict = { is: "MalformedResponse" }

/**
 * One place of one dialect where an ending stands. `*` means every item of a list (there is no answer if each of several
 * candidates failed), `+` means any.
 */
interface Ending {
  readonly dialect: string
  readonly at: string
  /** Further conditions, where the place alone could mean something else. */
  readonly where?: (data: unknown) => boolean
  readonly means: (ending: string) => Verdict | undefined
}

/** `finish_reason` as OpenAI defined it and many took it over, with what they added. */
// biome-ignore format: a table
const finishReason = table({
  content_filter: filtered,                  // OpenAI, Azure, Together, OpenRouter and others
  error: failed,                             // OpenRouter, Mistral
  insufficient_system_resource: overloaded,  // DeepSeek
  network_error: failed,                     // Zhipu
  sensitive: filtered,                       // Zhipu
  safety: filtered, recitation: filtered,    // gateways that hand Gemini's through
  refusal: refused,                          // gateways that hand Anthropic's through
  function_call_filter: malformed,           // fronts of Gemini, with its own reason after a colon
  abort: failed,                             // vLLM, SGLang: the engine gave the request up
  cancelled: failed, canceled: failed        // gateways, of a provider that hung up
})

// biome-ignore format: a table
const geminiFinish = table({
  SAFETY: filtered, RECITATION: filtered, BLOCKLIST: filtered, PROHIBITED_CONTENT: filtered, SPII: filtered,
  LANGUAGE: filtered, IMAGE_SAFETY: filtered, IMAGE_PROHIBITED_CONTENT: filtered, IMAGE_RECITATION: filtered,
  MODEL_ARMOR: filtered,
  MALFORMED_FUNCTION_CALL: malformed, UNEXPECTED_TOOL_CALL: malformed, TOO_MANY_TOOL_CALLS: malformed,
  MALFORMED_RESPONSE: malformed, MISSING_THOUGHT_SIGNATURE: malformed, NO_IMAGE: malformed, IMAGE_OTHER: malformed,
  OTHER: malformed
})

// biome-ignore format: a table
const bedrockStop = table({
  content_filtered: filtered, guardrail_intervened: filtered, refusal: refused,
  malformed_model_output: malformed, malformed_tool_use: malformed
})

// biome-ignore format: a table
const cohereFinish = table({
  ERROR: failed, ERROR_TOXIC: filtered, ERROR_LIMIT: { is: "ContextLengthExceeded" },
  TIMEOUT: { is: "TimedOut", phase: "provider" }
})

/** What a front tells of the provider's own reason beside `stop`, which it then is not. */
const nativeFinish = (reason: string): Verdict | undefined =>
  geminiFinish(reason.toUpperCase()) ?? finishReason(headOf(reason))

/** Fronts write the provider's own reason in any case, or behind one of theirs: `function_call_filter: MALFORMED_...`. */
const chatFinish = (reason: string): Verdict | undefined =>
  finishReason(headOf(reason)) ?? (/^other$/i.test(reason) ? undefined : geminiFinish(reason.toUpperCase()))

const headOf = (reason: string): string => (reason.split(":", 1)[0] ?? "").trim().toLowerCase()

/** What the Vercel AI SDK and `@effect/ai` make of all of them. */
const unifiedFinish = table({ "content-filter": filtered, error: failed })

const anthropicStop = table({ refusal: refused })
const responsesReason = table({ content_filter: filtered })
const responsesType = table({ "response.refusal.delta": refused, "response.refusal.done": refused })
const guardrail = table({ INTERVENED: filtered })
const titanCompletion = table({ CONTENT_FILTERED: filtered })

/** A refusal stands in the model's own words, which are no code. */
const words = (ending: string): Verdict | undefined => (ending === "" ? undefined : { ...refused, code: "refusal" })

const blocked = (reason: string): Verdict | undefined => (reason === "" ? undefined : blockedPrompt)

const isFinishPart = (data: unknown): boolean => Foreign.get(data, "type") === "finish"
/** A part that finishes a stream, or the result of a whole call, which has no type. */
const isResult = (data: unknown): boolean => Foreign.get(data, "type") === undefined || isFinishPart(data)
const hasFinishPart = (data: unknown): boolean =>
  Foreign.items(Foreign.get(data, "content"), mostItems).some(isFinishPart)
const hasNoCandidates = (data: unknown): boolean => Foreign.items(Foreign.get(data, "candidates"), 1).length === 0

// biome-ignore format: a table
const endings: ReadonlyArray<Ending> = [
  { dialect: "OpenAI chat",      at: "choices.*.finish_reason",           means: chatFinish },
  { dialect: "OpenAI chat",      at: "choices.*.native_finish_reason",    means: nativeFinish },
  { dialect: "LiteLLM",          at: "choices.*.provider_specific_fields.native_finish_reason", means: nativeFinish },
  { dialect: "DashScope",        at: "output.choices.*.finish_reason",    means: chatFinish },
  { dialect: "DashScope",        at: "output.finish_reason",              means: chatFinish },
  { dialect: "Tencent",          at: "Choices.*.FinishReason",            means: chatFinish },
  { dialect: "Tencent",          at: "Response.Choices.*.FinishReason",   means: chatFinish },
  { dialect: "Bedrock Titan",    at: "results.*.completionReason",        means: titanCompletion },
  { dialect: "OpenAI chat",      at: "choices.*.message.refusal",         means: words },
  { dialect: "OpenAI chat",      at: "choices.*.delta.refusal",           means: words },
  { dialect: "OpenAI responses", at: "incomplete_details.reason",         means: responsesReason },
  { dialect: "OpenAI responses", at: "response.incomplete_details.reason", means: responsesReason },
  { dialect: "OpenAI responses", at: "type",                              means: responsesType },
  { dialect: "OpenAI responses", at: "output.+.content.+.refusal",        means: words },
  { dialect: "Anthropic",        at: "stop_reason",                       means: anthropicStop },
  { dialect: "Anthropic",        at: "delta.stop_reason",                 means: anthropicStop },
  { dialect: "Gemini",           at: "promptFeedback.blockReason",        means: blocked, where: hasNoCandidates },
  { dialect: "Gemini",           at: "candidates.*.finishReason",         means: geminiFinish },
  { dialect: "Bedrock",          at: "stopReason",                        means: bedrockStop },
  { dialect: "Bedrock",          at: "messageStop.stopReason",            means: bedrockStop },
  { dialect: "Bedrock",          at: "amazon-bedrock-guardrailAction",    means: guardrail },
  { dialect: "Cohere",           at: "finish_reason",                     means: cohereFinish },
  { dialect: "Cohere",           at: "delta.finish_reason",               means: cohereFinish },
  { dialect: "AI SDK parts",     at: "finishReason",                      means: unifiedFinish, where: isResult },
  { dialect: "AI SDK parts",     at: "finishReason.unified",              means: unifiedFinish, where: isResult },
  { dialect: "AI SDK parts",     at: "reason",                            means: unifiedFinish, where: isFinishPart },
  { dialect: "LangChain",        at: "response_metadata.finish_reason",   means: chatFinish },
  { dialect: "LangChain",        at: "response_metadata.stop_reason",     means: anthropicStop },
  { dialect: "LangChain",        at: "response_metadata.finishReason",    means: geminiFinish },
  { dialect: "LangChain",        at: "response_metadata.stopReason",      means: bedrockStop },
  { dialect: "LangChain",        at: "additional_kwargs.refusal",         means: words },
  { dialect: "@effect/ai",       at: "content.+.reason",                  means: unifiedFinish, where: hasFinishPart },
  { dialect: "@effect/ai",       at: "content.+.metadata.openai.refusal", means: words },
  { dialect: "@effect/ai",       at: "metadata.openai.refusal",           means: words }
]

const rows = endings.map((ending) => ({ ...ending, path: ending.at.split(".") }))

/** Of all the names that a path may begin with an answer has few, and where it has none of them nothing else is looked at. */
const namesIn = (data: unknown, names: ReadonlySet<string>): ReadonlySet<string> => {
  const found = new Set<string>()
  for (const name of names) if (Foreign.get(data, name) !== undefined) found.add(name)
  return found
}

const firstNames = (paths: ReadonlyArray<ReadonlyArray<string>>): ReadonlySet<string> =>
  new Set(paths.map((path) => path[0] as string))

const endingNames = firstNames(rows.map(({ path }) => path))

/** The verdict on what stands at a path. */
const judge = (
  data: unknown,
  path: ReadonlyArray<string>,
  from: number,
  means: Ending["means"]
): Verdict | undefined => {
  const step = path[from]
  if (step === undefined) {
    if (typeof data !== "string") return undefined
    const verdict = means(data)
    return verdict && (isCodeShaped(data) ? { code: data, ...verdict } : verdict)
  }
  if (step !== "*" && step !== "+") return judge(Foreign.get(data, step), path, from + 1, means)
  let found: Verdict | undefined
  for (const item of Foreign.items(data, mostItems)) {
    const verdict = judge(item, path, from + 1, means)
    if (step === "*" && verdict === undefined) return undefined
    found ??= verdict
  }
  return found
}

const mostItems = 256

/**
 * The failure in how an answer, or a piece of one, says that it ended.
 *
 * @internal
 */
export const badEnding = (data: unknown): Verdict | undefined => {
  const names = namesIn(data, endingNames)
  if (names.size === 0) return undefined
  for (const { means, path, where } of rows) {
    if (!names.has(path[0] as string)) continue
    const verdict = judge(data, path, 0, means)
    if (verdict !== undefined && where?.(data) !== false) return verdict
  }
  return undefined
}

/** Where the reason of a whole answer stands, besides the places above that hold one. */
// biome-ignore format: a table
const reasons = [
  "choices.*.finish_reason", "choices.*.finishReason", "Choices.*.FinishReason", "output.choices.*.finish_reason",
  "output.finish_reason", "finish_reason", "finishReason", "finishReason.unified", "stop_reason", "stopReason",
  "candidates.*.finishReason", "done_reason", "content.+.reason",
  "response_metadata.finish_reason", "response_metadata.finishReason", "response_metadata.stop_reason"
].map((at) => at.split("."))

const reasonNames = firstNames(reasons)

const unended = (reason: string): Verdict | undefined =>
  isEnd(reason) ? undefined : { is: "MalformedResponse", code: "no_finish_reason" }

/**
 * A whole answer whose reason for ending is a word for nothing: its server gave it up. A piece of a stream says so
 * rightly, and an answer that has no such field says nothing.
 *
 * @internal
 */
export const noEnding = (data: unknown): Verdict | undefined => {
  const names = namesIn(data, reasonNames)
  if (names.size === 0) return undefined
  for (const path of reasons) {
    if (!names.has(path[0] as string)) continue
    const verdict = judge(data, path, 0, unended)
    if (verdict !== undefined && (path[0] !== "content" || hasFinishPart(data))) return verdict
  }
  return undefined
}
