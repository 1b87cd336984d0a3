import { HTTPClient, Mistral } from "@mistralai/mistralai"
import { MistralError } from "@mistralai/mistralai/models/errors/mistralerror.js"
import { StreamDialect } from "effect-resilience"
import { city, type Entry, messages, model, parsed, weather } from "./Client.js"

export const mistral: Entry = {
  name: "@mistralai/mistralai",
  dialect: StreamDialect.mistral,
  error: { is: MistralError, status: "statusCode" },
  make: (provider, { fetch }) => {
    const mistral = new Mistral({
      apiKey: "key",
      serverURL: provider.url,
      retryConfig: { strategy: "none" },
      httpClient: new HTTPClient({ fetcher: fetch })
    })
    const call = { model, messages }
    const with_ = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { fetchOptions: { signal } })
    const textOf = (content: unknown) => (typeof content === "string" ? content : undefined)
    return {
      plain: async (signal) => textOf((await mistral.chat.complete(call, with_(signal))).choices[0]?.message?.content),
      stream: (signal) => mistral.chat.stream(call, with_(signal)),
      tool: async () => {
        const answer = await mistral.chat.complete({ ...call, tools: [weather], toolChoice: "required" })
        return answer.choices[0]?.message?.toolCalls?.[0]?.function.name
      },
      structured: async () => {
        const responseFormat = {
          type: "json_schema" as const,
          jsonSchema: { name: "city", schemaDefinition: city }
        }
        return parsed(textOf((await mistral.chat.complete({ ...call, responseFormat })).choices[0]?.message?.content))
      },
      embedding: async () => (await mistral.embeddings.create({ model, inputs: ["hello"] })).data[0]?.embedding?.length
    }
  }
}
