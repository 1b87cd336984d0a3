import { StreamDialect } from "effect-resilience"
import { Ollama } from "ollama"
import { city, type Entry, messages, model, parsed, weather } from "./Client.js"

export const ollama: Entry = {
  name: "ollama",
  dialect: StreamDialect.ollama,
  // The package does not export the class it throws.
  error: { is: Error, status: "status_code" },
  make: (provider, { fetch }) => {
    const ollama = new Ollama({ host: provider.url, fetch })
    const call = { model, messages }
    return {
      plain: async () => (await ollama.chat(call)).message.content,
      stream: () => ollama.chat({ ...call, stream: true }),
      toolStream: () => ollama.chat({ ...call, tools: [weather], stream: true }),
      tool: async () => (await ollama.chat({ ...call, tools: [weather] })).message.tool_calls?.[0]?.function.name,
      structured: async () => parsed((await ollama.chat({ ...call, format: city })).message.content),
      embedding: async () => (await ollama.embed({ model, input: "hello" })).embeddings[0]?.length
    }
  }
}
