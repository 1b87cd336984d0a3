import { CohereClientV2, CohereError } from "cohere-ai"
import { StreamDialect } from "effect-resilience"
import { city, type Entry, messages, model, parsed, weather } from "./Client.js"

export const cohere: Entry = {
  name: "cohere-ai",
  dialect: StreamDialect.cohere,
  error: { is: CohereError, status: "statusCode" },
  make: (provider, { fetch }) => {
    const cohere = new CohereClientV2({ token: "key", environment: provider.url, maxRetries: 0, fetch })
    const call = { model, messages }
    const with_ = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { abortSignal: signal })
    const textIn = ({ content }: { readonly content?: ReadonlyArray<object> }) =>
      content?.flatMap((block) => ("text" in block ? [String(block.text)] : [])).join("")
    return {
      plain: async (signal) => textIn((await cohere.chat(call, with_(signal))).message),
      stream: (signal) => cohere.chatStream(call, with_(signal)),
      toolStream: (signal) => cohere.chatStream({ ...call, tools: [weather] }, with_(signal)),
      tool: async () =>
        (await cohere.chat({ ...call, tools: [weather], toolChoice: "REQUIRED" })).message.toolCalls?.[0]?.function
          ?.name,
      structured: async () =>
        parsed(
          textIn((await cohere.chat({ ...call, responseFormat: { type: "json_object", jsonSchema: city } })).message)
        ),
      embedding: async () => {
        const { embeddings } = await cohere.embed({
          model,
          texts: ["hello"],
          inputType: "search_query",
          embeddingTypes: ["float"]
        })
        return embeddings.float?.[0]?.length
      }
    }
  }
}
