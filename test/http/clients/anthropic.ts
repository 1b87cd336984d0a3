import Anthropic from "@anthropic-ai/sdk"
import { StreamDialect } from "effect-resilience"
import { city, type Entry, messages, model, parsed } from "./Client.js"

export const anthropic: Entry = {
  name: "anthropic",
  dialect: StreamDialect.anthropic,
  error: { is: Anthropic.APIError, status: "status" },
  make: (provider, { fetch }) => {
    const anthropic = new Anthropic({ apiKey: "sk-ant", baseURL: provider.anthropicUrl, maxRetries: 0, fetch })
    const call = { model, max_tokens: 100, messages }
    const tools = [{ name: "weather", input_schema: city }]
    const textIn = (content: Anthropic.Message["content"]) => content.find((block) => block.type === "text")?.text
    return {
      plain: async (signal) => textIn((await anthropic.messages.create(call, { signal })).content),
      stream: (signal) => anthropic.messages.create({ ...call, stream: true }, { signal }),
      toolStream: (signal) => anthropic.messages.create({ ...call, tools, stream: true }, { signal }),
      tool: async () => {
        const stream = anthropic.messages.stream({ ...call, tools, tool_choice: { type: "any" } })
        return (await stream.finalMessage()).content.find((block) => block.type === "tool_use")?.name
      },
      structured: async () => {
        const output_config = { format: { type: "json_schema" as const, schema: city } }
        return parsed(textIn((await anthropic.messages.create({ ...call, output_config })).content))
      }
    }
  }
}
