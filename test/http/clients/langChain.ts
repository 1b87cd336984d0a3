import { ChatOpenAI, OpenAIEmbeddings } from "@langchain/openai"
import { StreamDialect } from "effect-resilience"
import OpenAI from "openai"
import { city, type Entry, model, prompt, weather } from "./Client.js"

export const langChain: Entry = {
  name: "LangChain",
  dialect: StreamDialect.langChain,
  error: { is: OpenAI.APIError, status: "status" },
  make: (provider, { fetch }) => {
    const options = { apiKey: "sk-test", maxRetries: 0, configuration: { baseURL: provider.openAiUrl, fetch } }
    const chat = new ChatOpenAI({ model, ...options })
    const with_ = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { signal })
    return {
      plain: async (signal) => (await chat.invoke(prompt, with_(signal))).text,
      stream: (signal) => chat.stream(prompt, with_(signal)),
      toolStream: (signal) => chat.bindTools([weather]).stream(prompt, with_(signal)),
      tool: async () =>
        (await chat.bindTools([weather], { tool_choice: "required" }).invoke(prompt)).tool_calls?.[0]?.name,
      structured: () => chat.withStructuredOutput({ title: "city", ...city }, { method: "jsonSchema" }).invoke(prompt),
      embedding: async () => (await new OpenAIEmbeddings({ model, ...options }).embedQuery("hello")).length
    }
  }
}
