import { StreamDialect } from "effect-resilience"
import OpenAI from "openai"
import { city, type Entry, messages, model, parsed, prompt, weather } from "./Client.js"

const error = { is: OpenAI.APIError, status: "status" }

export const openAiChat: Entry = {
  name: "openai, chat",
  dialect: StreamDialect.openAiChat,
  error,
  make: (provider, { fetch }) => {
    const openai = new OpenAI({ apiKey: "sk-test", baseURL: provider.openAiUrl, maxRetries: 0, fetch })
    const call = { model, messages }
    return {
      plain: async (signal) => (await openai.chat.completions.create(call, { signal })).choices[0]?.message.content,
      stream: (signal) => openai.chat.completions.create({ ...call, stream: true }, { signal }),
      toolStream: (signal) => openai.chat.completions.create({ ...call, tools: [weather], stream: true }, { signal }),
      tool: async () => {
        const stream = openai.chat.completions.stream({ ...call, tools: [weather], tool_choice: "required" })
        const called = (await stream.finalChatCompletion()).choices[0]?.message.tool_calls?.[0]
        return called?.type === "function" ? called.function.name : undefined
      },
      structured: async () => {
        const response_format = { type: "json_schema" as const, json_schema: { name: "city", schema: city } }
        return parsed((await openai.chat.completions.create({ ...call, response_format })).choices[0]?.message.content)
      },
      embedding: async () => (await openai.embeddings.create({ model, input: "hello" })).data[0]?.embedding.length
    }
  }
}

export const openAiResponses: Entry = {
  name: "openai, responses",
  dialect: StreamDialect.openAiResponses,
  error,
  make: (provider, { fetch }) => {
    const openai = new OpenAI({ apiKey: "sk-test", baseURL: provider.openAiUrl, maxRetries: 0, fetch })
    const call = { model, input: prompt }
    const tool = { type: "function" as const, name: "weather", parameters: city, strict: true }
    return {
      plain: async (signal) => (await openai.responses.create(call, { signal })).output_text,
      stream: (signal) => openai.responses.create({ ...call, stream: true }, { signal }),
      toolStream: (signal) => openai.responses.create({ ...call, tools: [tool], stream: true }, { signal }),
      tool: async () => {
        const stream = openai.responses.stream({ ...call, tools: [tool], tool_choice: "required" })
        const called = (await stream.finalResponse()).output.find((item) => item.type === "function_call")
        return called?.name
      },
      structured: async () => {
        const format = { type: "json_schema" as const, name: "city", schema: city }
        return parsed((await openai.responses.create({ ...call, text: { format } })).output_text)
      }
    }
  }
}
