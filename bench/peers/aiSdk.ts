import { generateText } from "ai"
import { MockLanguageModelV3 } from "ai/test"

const model = new MockLanguageModelV3({
  doGenerate: async () => ({
    content: [{ type: "text", text: "forty-two" }],
    finishReason: { unified: "stop", raw: undefined },
    usage: {
      inputTokens: { total: 10, noCache: 10, cacheRead: undefined, cacheWrite: undefined },
      outputTokens: { total: 20, text: 20, reasoning: undefined }
    },
    warnings: []
  })
})

/** With its default retries. The mock keeps every call it saw; they are dropped so that they do not pile up. */
export const generate = async (): Promise<string> => {
  model.doGenerateCalls.length = 0
  return (await generateText({ model, prompt: "what is six times seven?" })).text
}
