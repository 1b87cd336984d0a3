/** A whole, healthy answer in each format: content, a tool call where the format has them, usage, an end. */
import { StreamDialect } from "effect-resilience"

export interface Sample {
  readonly name: string
  readonly dialect: StreamDialect.StreamDialect<unknown>
  readonly elements: ReadonlyArray<unknown>
  /** Their data as it is sent, where the client hands out more than that. */
  readonly wire?: ReadonlyArray<unknown>
  /** From this element on, the answer is complete. */
  readonly completeAt: number
  readonly text: string
  readonly calls: ReadonlyArray<{ readonly id: string; readonly name: string }>
}

const chat = (delta: unknown, finish_reason: string | null = null) => ({
  object: "chat.completion.chunk",
  choices: [{ index: 0, delta, finish_reason }]
})

const responses = (type: string, rest: object = {}) => ({ type: `response.${type}`, ...rest })

const item = (fields: object) => ({
  output_index: 1,
  item: { type: "function_call", id: "fc", call_id: "1", name: "pay", arguments: "", ...fields }
})

const langChain = (fields: object) => ({
  type: "AIMessageChunk",
  additional_kwargs: {},
  response_metadata: {},
  tool_call_chunks: [],
  ...fields
})

const asJson = (kwargs: object) => ({
  lc: 1,
  type: "constructor",
  id: ["langchain_core", "messages", "AIMessageChunk"],
  kwargs
})

const pay = [{ id: "1", name: "pay" }]

export const samples: ReadonlyArray<Sample> = [
  {
    name: "OpenAI chat",
    dialect: StreamDialect.openAiChat,
    elements: [
      chat({ role: "assistant", content: "" }),
      chat({ content: "one " }),
      chat({ content: "two" }),
      chat({ tool_calls: [{ index: 0, id: "1", function: { name: "pay", arguments: "" } }] }),
      chat({ tool_calls: [{ index: 0, function: { arguments: "{}" } }] }),
      chat({}, "tool_calls"),
      { object: "chat.completion.chunk", choices: [], usage: { prompt_tokens: 1, completion_tokens: 2 } }
    ],
    completeAt: 5,
    text: "one two",
    calls: pay
  },
  {
    name: "OpenAI responses",
    dialect: StreamDialect.openAiResponses,
    elements: [
      responses("created", { response: { id: "r", error: null, status: "in_progress" } }),
      responses("output_item.added", { output_index: 0, item: { type: "message", content: [] } }),
      responses("output_text.delta", { output_index: 0, delta: "one " }),
      responses("output_text.delta", { output_index: 0, delta: "two" }),
      responses("output_item.added", item({})),
      responses("function_call_arguments.delta", { output_index: 1, item_id: "fc", delta: "{}" }),
      responses("output_item.done", item({ arguments: "{}" })),
      responses("completed", { response: { error: null, usage: { input_tokens: 1, output_tokens: 2 } } })
    ],
    completeAt: 7,
    text: "one two",
    calls: pay
  },
  {
    name: "Anthropic",
    dialect: StreamDialect.anthropic,
    elements: [
      { type: "message_start", message: { usage: { input_tokens: 1 } } },
      { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
      { type: "ping" },
      { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "one " } },
      { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "two" } },
      { type: "content_block_stop", index: 0 },
      { type: "content_block_start", index: 1, content_block: { type: "tool_use", id: "1", name: "pay", input: {} } },
      { type: "content_block_delta", index: 1, delta: { type: "input_json_delta", partial_json: "{}" } },
      { type: "content_block_stop", index: 1 },
      { type: "message_delta", delta: { stop_reason: "tool_use" }, usage: { output_tokens: 2 } },
      { type: "message_stop" }
    ],
    completeAt: 10,
    text: "one two",
    calls: pay
  },
  {
    name: "Gemini",
    dialect: StreamDialect.gemini,
    elements: [
      { candidates: [{ content: { parts: [{ text: "one " }] } }], usageMetadata: { promptTokenCount: 1 } },
      { candidates: [{ content: { parts: [{ text: "two" }] } }] },
      { candidates: [{ content: { parts: [{ functionCall: { name: "pay", args: {}, id: "1" } }] } }] },
      { candidates: [{ content: { parts: [] }, finishReason: "STOP" }], usageMetadata: { candidatesTokenCount: 2 } }
    ],
    completeAt: 3,
    text: "one two",
    calls: pay
  },
  {
    name: "Bedrock",
    dialect: StreamDialect.bedrock,
    elements: [
      { messageStart: { role: "assistant" } },
      { contentBlockDelta: { contentBlockIndex: 0, delta: { text: "one " } } },
      { contentBlockDelta: { contentBlockIndex: 0, delta: { text: "two" } } },
      { contentBlockStop: { contentBlockIndex: 0 } },
      { contentBlockStart: { contentBlockIndex: 1, start: { toolUse: { toolUseId: "1", name: "pay" } } } },
      { contentBlockDelta: { contentBlockIndex: 1, delta: { toolUse: { input: "{}" } } } },
      { contentBlockStop: { contentBlockIndex: 1 } },
      { messageStop: { stopReason: "tool_use" } },
      { metadata: { usage: { inputTokens: 1, outputTokens: 2 } } }
    ],
    completeAt: 7,
    text: "one two",
    calls: pay
  },
  {
    name: "Cohere",
    dialect: StreamDialect.cohere,
    elements: [
      { type: "message-start", delta: { message: { role: "assistant" } } },
      { type: "content-start", index: 0, delta: { message: { content: { type: "text", text: "" } } } },
      { type: "content-delta", index: 0, delta: { message: { content: { text: "one " } } } },
      { type: "content-delta", index: 0, delta: { message: { content: { text: "two" } } } },
      { type: "content-end", index: 0 },
      { type: "tool-call-start", index: 1, delta: { message: { tool_calls: { id: "1", function: { name: "pay" } } } } },
      { type: "tool-call-delta", index: 1, delta: { message: { tool_calls: { function: { arguments: "{}" } } } } },
      { type: "tool-call-end", index: 1 },
      { type: "message-end", delta: { finish_reason: "TOOL_CALL", usage: { tokens: { input_tokens: 1 } } } }
    ],
    completeAt: 8,
    text: "one two",
    calls: pay
  },
  {
    name: "Ollama",
    dialect: StreamDialect.ollama,
    elements: [
      { model: "m", message: { role: "assistant", content: "one " }, done: false },
      { model: "m", message: { role: "assistant", content: "two" }, done: false },
      {
        model: "m",
        message: {
          role: "assistant",
          content: "",
          tool_calls: [{ id: "1", function: { name: "pay", arguments: {} } }]
        },
        done: false
      },
      { model: "m", message: { role: "assistant", content: "" }, done: true, done_reason: "stop", eval_count: 2 }
    ],
    completeAt: 3,
    text: "one two",
    calls: pay
  },
  {
    name: "@effect/ai",
    dialect: StreamDialect.ai,
    elements: [
      { type: "response-metadata", id: "r" },
      { type: "text-start", id: "0" },
      { type: "text-delta", id: "0", delta: "one " },
      { type: "text-delta", id: "0", delta: "two" },
      { type: "text-end", id: "0" },
      { type: "tool-params-start", id: "1", name: "pay" },
      { type: "tool-params-delta", id: "1", delta: "{}" },
      { type: "tool-params-end", id: "1" },
      { type: "tool-call", id: "1", name: "pay", params: {} },
      { type: "finish", reason: "tool-calls", usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 } }
    ],
    completeAt: 9,
    text: "one two",
    calls: pay
  },
  {
    name: "AI SDK",
    dialect: StreamDialect.aiSdk,
    elements: [
      { type: "start" },
      { type: "start-step", request: {}, warnings: [] },
      { type: "text-start", id: "0" },
      { type: "text-delta", id: "0", text: "one " },
      { type: "text-delta", id: "0", text: "two" },
      { type: "text-end", id: "0" },
      { type: "tool-input-start", id: "1", toolName: "pay" },
      { type: "tool-input-delta", id: "1", delta: "{}" },
      { type: "tool-input-end", id: "1" },
      { type: "tool-call", toolCallId: "1", toolName: "pay", input: {} },
      { type: "finish-step", finishReason: "tool-calls", usage: {} },
      { type: "finish", finishReason: "tool-calls", totalUsage: { inputTokens: 1, outputTokens: 2 } }
    ],
    completeAt: 11,
    text: "one two",
    calls: pay
  },
  {
    name: "LangChain",
    dialect: StreamDialect.langChain,
    elements: [
      langChain({ content: "" }),
      langChain({ content: "one " }),
      langChain({ content: [{ type: "text", text: "two" }] }),
      langChain({ content: "", tool_call_chunks: [{ index: 1, id: "1", name: "pay", args: "" }] }),
      langChain({ content: "", tool_call_chunks: [{ index: 1, args: "{}" }] }),
      langChain({ content: "", response_metadata: { finish_reason: "tool_calls" } }),
      langChain({ content: "", usage_metadata: { input_tokens: 1, output_tokens: 2 } })
    ],
    completeAt: 5,
    text: "one two",
    calls: pay
  },
  {
    name: "LangChain as JSON",
    dialect: StreamDialect.langChain,
    elements: [
      asJson({ content: [{ type: "thinking", thinking: "hm" }], response_metadata: {} }),
      asJson({ content: "one two", response_metadata: {} }),
      asJson({ content: "", tool_call_chunks: [{ index: 0, id: "1", name: "pay" }], response_metadata: {} }),
      asJson({ content: "", additional_kwargs: { stop_reason: "tool_use" }, response_metadata: {} })
    ],
    completeAt: 3,
    text: "one two",
    calls: pay
  }
]
