/** Streams as the providers send them, in each wire format, with any words in them. */

const sse = (events: ReadonlyArray<object | string>, name?: (event: object) => string): string =>
  events
    .map((event) => {
      if (typeof event === "string") return `data: ${event}\n\n`
      return `${name === undefined ? "" : `event: ${name(event)}\n`}data: ${JSON.stringify(event)}\n\n`
    })
    .join("")

const typeOf = (event: object): string => (event as { readonly type: string }).type

interface Format {
  readonly url: string
  readonly contentType: string
  readonly stream: (words: ReadonlyArray<string>) => string
}

const base = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model: "large" }
const chatChunk = (delta: object, finish_reason: string | null = null) => ({
  ...base,
  choices: [{ index: 0, delta, finish_reason }]
})

export const formats: Readonly<Record<string, Format>> = {
  "OpenAI's chat": {
    url: "https://api.openai.com/v1/chat/completions",
    contentType: "text/event-stream; charset=utf-8",
    stream: (words) =>
      sse([
        chatChunk({ role: "assistant", content: "" }),
        ...words.map((content) => chatChunk({ content })),
        chatChunk({}, "stop"),
        { ...base, choices: [], usage: { prompt_tokens: 5, completion_tokens: words.length } },
        "[DONE]"
      ])
  },
  "Mistral's chat": {
    url: "https://api.mistral.ai/v1/chat/completions",
    contentType: "text/event-stream",
    stream: (words) =>
      sse([
        chatChunk({ role: "assistant", content: "" }),
        ...words.map((text) => chatChunk({ content: [{ type: "text", text }] })),
        {
          ...base,
          choices: [{ index: 0, delta: { content: "" }, finish_reason: "stop" }],
          usage: { prompt_tokens: 5, completion_tokens: words.length }
        },
        "[DONE]"
      ])
  },
  "OpenAI's completions": {
    url: "https://api.openai.com/v1/completions",
    contentType: "text/event-stream",
    stream: (words) =>
      sse([
        ...words.map((text) => ({ object: "text_completion", choices: [{ index: 0, text, finish_reason: null }] })),
        { object: "text_completion", choices: [{ index: 0, text: "", finish_reason: "stop" }] },
        "[DONE]"
      ])
  },
  "OpenAI's responses": {
    url: "https://api.openai.com/v1/responses",
    contentType: "text/event-stream",
    stream: (words) =>
      sse(
        [
          { type: "response.created", sequence_number: 0, response: { id: "resp_1", status: "in_progress" } },
          ...words.map((delta, i) => ({
            type: "response.output_text.delta",
            sequence_number: i + 1,
            item_id: "msg_1",
            delta
          })),
          {
            type: "response.completed",
            response: { id: "resp_1", status: "completed", usage: { input_tokens: 5, output_tokens: words.length } }
          }
        ],
        typeOf
      )
  },
  "Anthropic's messages": {
    url: "https://api.anthropic.com/v1/messages",
    contentType: "text/event-stream",
    stream: (words) =>
      sse(
        [
          { type: "message_start", message: { id: "m", usage: { input_tokens: 5, output_tokens: 1 } } },
          { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
          { type: "ping" },
          ...words.map((text) => ({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text } })),
          { type: "content_block_stop", index: 0 },
          { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: words.length } },
          { type: "message_stop" }
        ],
        typeOf
      )
  },
  "Gemini's contents": {
    url: "https://generativelanguage.googleapis.com/v1beta/models/pro:streamGenerateContent?alt=sse",
    contentType: "text/event-stream",
    stream: (words) =>
      sse([
        ...words.map((text) => ({ candidates: [{ content: { role: "model", parts: [{ text }] }, index: 0 }] })),
        {
          candidates: [{ content: { parts: [{ text: "." }] }, finishReason: "STOP" }],
          usageMetadata: { promptTokenCount: 5, candidatesTokenCount: words.length }
        }
      ]).replaceAll("\n", "\r\n")
  },
  "Cohere's chat": {
    url: "https://api.cohere.com/v2/chat",
    contentType: "text/event-stream",
    stream: (words) =>
      sse(
        [
          { type: "message-start", delta: { message: { role: "assistant" } } },
          ...words.map((text) => ({ type: "content-delta", index: 0, delta: { message: { content: { text } } } })),
          { type: "message-end", delta: { finish_reason: "COMPLETE", usage: { tokens: { input_tokens: 5 } } } }
        ],
        typeOf
      )
  },
  "Ollama's lines": {
    url: "http://localhost:11434/api/chat",
    contentType: "application/x-ndjson",
    stream: (words) =>
      [
        ...words.map((content) => ({ model: "m", message: { role: "assistant", content }, done: false })),
        { model: "m", message: { role: "assistant", content: "" }, done: true, done_reason: "stop", eval_count: 3 }
      ]
        .map((line) => `${JSON.stringify(line)}\n`)
        .join("")
  }
}

/** The plain answers to requests for embeddings, with any vector in them. */
export const embeddings: Readonly<Record<string, Omit<Format, "stream"> & { readonly plain: Plain }>> = {
  "OpenAI's": {
    url: "https://api.openai.com/v1/embeddings",
    contentType: "application/json",
    plain: (vector) => ({ object: "list", data: [{ object: "embedding", index: 0, embedding: vector }], usage })
  },
  "OpenAI's in base64": {
    url: "https://api.openai.com/v1/embeddings",
    contentType: "application/json",
    plain: (vector) => ({
      object: "list",
      data: [
        { object: "embedding", index: 0, embedding: Buffer.from(Float32Array.from(vector).buffer).toString("base64") }
      ],
      usage
    })
  },
  "Mistral's": {
    url: "https://api.mistral.ai/v1/embeddings",
    contentType: "application/json",
    plain: (vector) => ({
      id: "e",
      object: "list",
      data: [{ object: "embedding", index: 0, embedding: vector }],
      usage
    })
  },
  "Gemini's": {
    url: "https://generativelanguage.googleapis.com/v1beta/models/embed:batchEmbedContents",
    contentType: "application/json; charset=UTF-8",
    plain: (values) => ({ embeddings: [{ values }] })
  },
  "Cohere's": {
    url: "https://api.cohere.com/v2/embed",
    contentType: "application/json",
    plain: (vector) => ({ id: "e", embeddings: { float: [vector] }, meta: { billed_units: { input_tokens: 5 } } })
  },
  "Ollama's": {
    url: "http://localhost:11434/api/embed",
    contentType: "application/json; charset=utf-8",
    plain: (vector) => ({ model: "m", embeddings: [vector], prompt_eval_count: 5 })
  }
}

type Plain = (vector: ReadonlyArray<number>) => object

const usage = { prompt_tokens: 5, total_tokens: 5 }

/** The bytes, cut at these shares of their length. */
export const cut = (bytes: Uint8Array, at: ReadonlyArray<number>): ReadonlyArray<Uint8Array> => {
  const places = [...new Set(at.map((share) => Math.floor(share * bytes.length)))].sort((a, b) => a - b)
  return [0, ...places]
    .map((from, i) => bytes.slice(from, places[i] ?? bytes.length))
    .filter((chunk) => chunk.length > 0)
}
