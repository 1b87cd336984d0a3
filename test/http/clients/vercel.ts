import { createOpenAI } from "@ai-sdk/openai"
import { APICallError, embed, generateObject, generateText, jsonSchema, streamText, tool } from "ai"
import { StreamDialect } from "effect-resilience"
import { city, type Entry, model, prompt } from "./Client.js"

export const vercel: Entry = {
  name: "Vercel AI SDK",
  dialect: StreamDialect.aiSdk,
  error: { is: APICallError, status: "statusCode" },
  make: (provider, { fetch }) => {
    const openai = createOpenAI({ apiKey: "sk-test", baseURL: provider.openAiUrl, fetch })
    const call = { model: openai.chat(model), prompt, maxRetries: 0 }
    const tools = { weather: tool({ inputSchema: jsonSchema<{ city: string }>(city), execute: ({ city }) => city }) }
    const withSignal = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { abortSignal: signal })
    return {
      plain: async (signal) => (await generateText({ ...call, ...withSignal(signal) })).text,
      stream: (signal) => streamText({ ...call, ...withSignal(signal), onError: () => {} }).fullStream,
      toolStream: (signal) => streamText({ ...call, tools, ...withSignal(signal), onError: () => {} }).fullStream,
      tool: async () => {
        return (await generateText({ ...call, tools, toolChoice: "required" })).toolCalls[0]?.toolName
      },
      structured: async () => (await generateObject({ ...call, schema: jsonSchema(city) })).object,
      embedding: async () =>
        (await embed({ model: openai.embedding(model), value: "hello", maxRetries: 0 })).embedding.length
    }
  }
}
