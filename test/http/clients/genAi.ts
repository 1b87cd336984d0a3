import { ApiError, FunctionCallingConfigMode, GoogleGenAI } from "@google/genai"
import { StreamDialect } from "effect-resilience"
import { city, type Entry, model, parsed, prompt } from "./Client.js"

export const genAi: Entry = {
  name: "@google/genai",
  dialect: StreamDialect.gemini,
  error: { is: ApiError, status: "status" },
  make: (provider, { fetch }) => {
    const { models } = new GoogleGenAI({ apiKey: "key", httpOptions: { baseUrl: provider.url, fetch } })
    const call = { model, contents: prompt }
    const tools = [{ functionDeclarations: [{ name: "weather", parametersJsonSchema: city }] }]
    const with_ = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { config: { abortSignal: signal } })
    return {
      plain: async (signal) => (await models.generateContent({ ...call, ...with_(signal) })).text,
      stream: (signal) => models.generateContentStream({ ...call, ...with_(signal) }),
      toolStream: (signal) =>
        models.generateContentStream({ ...call, config: { tools, ...(signal && { abortSignal: signal }) } }),
      tool: async () => {
        const config = {
          tools,
          toolConfig: { functionCallingConfig: { mode: FunctionCallingConfigMode.ANY } }
        }
        return (await models.generateContent({ ...call, config })).functionCalls?.[0]?.name
      },
      structured: async () => {
        const config = { responseMimeType: "application/json", responseJsonSchema: city }
        return parsed((await models.generateContent({ ...call, config })).text)
      },
      embedding: async () => (await models.embedContent({ model, contents: "hello" })).embeddings?.[0]?.values?.length
    }
  }
}
