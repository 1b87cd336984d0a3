import {
  BedrockRuntimeClient,
  BedrockRuntimeServiceException,
  ConverseCommand,
  type ConverseCommandInput,
  ConverseStreamCommand
} from "@aws-sdk/client-bedrock-runtime"
import { NodeHttpHandler } from "@smithy/node-http-handler"
import { StreamDialect } from "effect-resilience"
import { city, type Entry, model, parsed, prompt } from "./Client.js"

export const bedrock: Entry = {
  name: "@aws-sdk/client-bedrock-runtime",
  dialect: StreamDialect.bedrock,
  error: { is: BedrockRuntimeServiceException, status: "$metadata.httpStatusCode" },
  ownTransport: true,
  make: (provider) => {
    const client = new BedrockRuntimeClient({
      endpoint: provider.url,
      region: "us-east-1",
      credentials: { accessKeyId: "a", secretAccessKey: "key" },
      maxAttempts: 1,
      // By itself it speaks HTTP/2.
      requestHandler: new NodeHttpHandler()
    })
    const call: ConverseCommandInput = { modelId: model, messages: [{ role: "user", content: [{ text: prompt }] }] }
    const with_ = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { abortSignal: signal })
    const contentOf = async (more: Partial<ConverseCommandInput>, signal?: AbortSignal) =>
      (await client.send(new ConverseCommand({ ...call, ...more }), with_(signal))).output?.message?.content ?? []
    const streamOf = async (more: Partial<ConverseCommandInput>, signal?: AbortSignal) => {
      const { stream } = await client.send(new ConverseStreamCommand({ ...call, ...more }), with_(signal))
      if (stream === undefined) throw new Error("no stream")
      return stream
    }
    const tools = [{ toolSpec: { name: "weather", inputSchema: { json: city } } }]
    return {
      plain: async (signal) => (await contentOf({}, signal))[0]?.text,
      stream: (signal) => streamOf({}, signal),
      toolStream: (signal) => streamOf({ toolConfig: { tools } }, signal),
      tool: async () => {
        return (await contentOf({ toolConfig: { tools, toolChoice: { any: {} } } }))[0]?.toolUse?.name
      },
      structured: async () => {
        const structure = { jsonSchema: { name: "city", schema: JSON.stringify(city) } }
        return parsed((await contentOf({ outputConfig: { textFormat: { type: "json_schema", structure } } }))[0]?.text)
      }
    }
  }
}
