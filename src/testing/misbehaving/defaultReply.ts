import type { ProviderRequest, Reply } from "./Reply.js"
import { sample } from "./Sample.js"

/** The same answer to the same request: a tool call or a value where one is demanded, otherwise a sentence. @internal */
export const defaultReply = (request: ProviderRequest): Reply => {
  const tool =
    request.mustCall === "any" ? request.tools[0] : request.tools.find((tool) => tool.name === request.mustCall)
  if (tool !== undefined) {
    return { toolCalls: [{ name: tool.name, arguments: sample(tool.schema) as Record<string, unknown> }] }
  }
  if (request.jsonSchema === null) return { json: { embedded: true } }
  if (request.jsonSchema !== undefined) return { json: sample(request.jsonSchema) }
  return {
    text: `This is the embedded provider, playing the model "${request.model}". No real model was asked.`
  }
}
