/**
 * How a provider's stream is to be read: what is content, what ends it, what is an error, where usage and tool calls
 * stand.
 *
 * A dialect is one small value. The toolkit brings one for each of the usual wire formats, as the vendors' SDKs hand
 * them out (`openAiChat`, `openAiResponses`, `openAiRealtime`, `openAiAssistants`, `anthropic`, `gemini`,
 * `geminiInteractions`, `mistral`, `bedrock`, `cohere`, `ollama`, `aiSdk`, `langChain`), one for the parts of `@effect/ai` (`ai`) and one for
 * plain strings (`text`). `sse` reads the same formats as raw server-sent events, and `make` describes any other stream.
 *
 * @since 0.1.0
 */
import type * as Predicate from "effect/Predicate"
import type { LlmError, Usage } from "./internal/errors/llmError.js"
import { ai as ai_ } from "./internal/stream/dialect/ai.js"
import { aiSdk as aiSdk_ } from "./internal/stream/dialect/aiSdk.js"
import { anthropic as anthropic_ } from "./internal/stream/dialect/anthropic.js"
import { bedrock as bedrock_ } from "./internal/stream/dialect/bedrock.js"
import { cohere as cohere_ } from "./internal/stream/dialect/cohere.js"
import type { Reading, StreamDialect, ToolCallPiece } from "./internal/stream/dialect/dialect.js"
import { gemini as gemini_ } from "./internal/stream/dialect/gemini.js"
import { geminiInteractions as geminiInteractions_ } from "./internal/stream/dialect/geminiInteractions.js"
import { langChain as langChain_ } from "./internal/stream/dialect/langChain.js"
import { mistral as mistral_ } from "./internal/stream/dialect/mistral.js"
import { ollama as ollama_ } from "./internal/stream/dialect/ollama.js"
import { openAiAssistants as openAiAssistants_ } from "./internal/stream/dialect/openAiAssistants.js"
import { openAiChat as openAiChat_ } from "./internal/stream/dialect/openAiChat.js"
import { openAiRealtime as openAiRealtime_ } from "./internal/stream/dialect/openAiRealtime.js"
import { openAiResponses as openAiResponses_ } from "./internal/stream/dialect/openAiResponses.js"
import { type ServerSentEvent, sse as sse_ } from "./internal/stream/dialect/sse.js"

export type {
  Reading,
  StreamDialect,
  ToolCallPiece
} from "./internal/stream/dialect/dialect.js"
export type {
  /**
   * One server-sent event, as a parser hands it out: the text after `data:`, the name after `event:`, the `id`.
   *
   * @since 0.1.0
   * @category Models
   */
  ServerSentEvent
} from "./internal/stream/dialect/sse.js"

const content: Reading = { kind: "content" }
const metadata: Reading = { kind: "metadata" }

/**
 * A dialect for elements of one's own. `content` is all that is needed.
 *
 * Without `end`, a stream that stops is complete, and one that is cut off by its transport without an error cannot be
 * told from a short answer.
 *
 * @example
 * ```ts
 * import { StreamDialect } from "effect-resilience"
 *
 * interface Token {
 *   readonly text: string
 *   readonly done: boolean
 * }
 *
 * const dialect = StreamDialect.make<Token>({
 *   content: (token) => token.text !== "",
 *   text: (token) => token.text,
 *   end: (token) => token.done
 * })
 * ```
 *
 * @since 0.1.0
 * @category Constructors
 */
export const make = <A>(options: {
  readonly content: Predicate.Predicate<A>
  readonly reasoning?: Predicate.Predicate<A> | undefined
  readonly text?: ((element: A) => string | undefined) | undefined
  readonly end?: Predicate.Predicate<A> | undefined
  readonly error?: ((element: A) => LlmError | undefined) | undefined
  readonly usage?: ((element: A) => Usage | undefined) | undefined
  readonly toolCalls?: ((element: A) => ReadonlyArray<ToolCallPiece>) | undefined
  readonly provider?: string | undefined
}): StreamDialect<A> => ({
  provider: options.provider,
  endMarker: options.end !== undefined,
  read: (element) => {
    const kind = options.content(element) ? "content" : options.reasoning?.(element) ? "reasoning" : "metadata"
    const text = options.text?.(element)
    const error = options.error?.(element)
    const usage = options.usage?.(element)
    const toolCalls = options.toolCalls?.(element)
    return {
      kind,
      end: options.end?.(element) ?? false,
      ...(text !== undefined && { text }),
      ...(error !== undefined && { error }),
      ...(usage !== undefined && { usage }),
      ...(toolCalls !== undefined && { toolCalls })
    }
  }
})

/**
 * A stream of strings, each a piece of the answer. The end of the stream is the end of the answer; an empty answer is a
 * failure.
 *
 * @since 0.1.0
 * @category Dialects
 */
export const text: StreamDialect<string> = {
  endMarker: false,
  read: (element) => (element === "" ? metadata : { ...content, text: element })
}

/**
 * The chunks of OpenAI's Chat Completions API, and of the many that speak like it. Complete with a `finish_reason`,
 * whether or not `[DONE]` follows.
 *
 * @since 0.1.0
 * @category Dialects
 */
export const openAiChat: StreamDialect<unknown> = openAiChat_

/**
 * The events of OpenAI's Responses API. Complete with `response.completed` or `response.incomplete`.
 *
 * @since 0.1.0
 * @category Dialects
 */
export const openAiResponses: StreamDialect<unknown> = openAiResponses_

/**
 * The events of OpenAI's Realtime API, parsed, from one `response.create` on. Complete with `response.done`, which ends
 * one answer and not the session. The words of a spoken answer are its text; an answer that was cancelled has not failed.
 *
 * @since 0.1.0
 * @category Dialects
 */
export const openAiRealtime: StreamDialect<unknown> = openAiRealtime_

/**
 * The events of a run of OpenAI's Assistants API, as its client hands them out or their data alone. Complete with a run
 * that is completed, is incomplete, or waits for the outputs of tools.
 *
 * @since 0.1.0
 * @category Dialects
 */
export const openAiAssistants: StreamDialect<unknown> = openAiAssistants_

/**
 * The events of Mistral's client, of its chat API and of its conversations, or their data alone. Complete with a
 * finish reason, or with `conversation.response.done`.
 *
 * @since 0.1.0
 * @category Dialects
 */
export const mistral: StreamDialect<unknown> = mistral_

/**
 * The events of Anthropic's Messages API. Complete with `message_stop`.
 *
 * @since 0.1.0
 * @category Dialects
 */
export const anthropic: StreamDialect<unknown> = anthropic_

/**
 * The responses of Gemini's `streamGenerateContent`. Complete with a candidate's `finishReason`.
 *
 * @since 0.1.0
 * @category Dialects
 */
export const gemini: StreamDialect<unknown> = gemini_

/**
 * The events of Gemini's Interactions API. Complete with `interaction.completed`, unless it goes on in another request.
 *
 * @since 0.1.0
 * @category Dialects
 */
export const geminiInteractions: StreamDialect<unknown> = geminiInteractions_

/**
 * The parts of `@effect/ai`'s `LanguageModel.streamText`. Complete with the `finish` part.
 *
 * @since 0.1.0
 * @category Dialects
 */
export const ai: StreamDialect<unknown> = ai_

/**
 * The parts of the Vercel AI SDK's `fullStream`. Complete with the `finish` part, if the provider gave a reason.
 *
 * @since 0.1.0
 * @category Dialects
 */
export const aiSdk: StreamDialect<unknown> = aiSdk_

/**
 * The events of Amazon Bedrock's `ConverseStream`. Complete with `messageStop`.
 *
 * @since 0.1.0
 * @category Dialects
 */
export const bedrock: StreamDialect<unknown> = bedrock_

/**
 * The events of Cohere's chat API, version 2. Complete with `message-end`.
 *
 * @since 0.1.0
 * @category Dialects
 */
export const cohere: StreamDialect<unknown> = cohere_

/**
 * The lines, parsed, of Ollama's `/api/chat` and `/api/generate`. Complete with `done`.
 *
 * @since 0.1.0
 * @category Dialects
 */
export const ollama: StreamDialect<unknown> = ollama_

/**
 * The message chunks of LangChain's chat models, as objects or as JSON. Complete with the finish reason that the provider
 * gave, in `response_metadata`, or with `chunk_position: "last"`.
 *
 * @since 0.1.0
 * @category Dialects
 */
export const langChain: StreamDialect<unknown> = langChain_

/**
 * Raw server-sent events whose `data` is in the given dialect. Data that is not JSON is malformed. `[DONE]` ends the
 * connection, not the answer, which is complete by its own dialect's end. Comments, events without data and events of
 * unknown names are no data.
 *
 * @since 0.1.0
 * @category Combinators
 */
export const sse: (dialect: StreamDialect<unknown>) => StreamDialect<ServerSentEvent> = sse_
