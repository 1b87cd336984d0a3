import type * as LanguageModel from "@effect/ai/LanguageModel"
import type * as Prompt from "@effect/ai/Prompt"
import * as Tool from "@effect/ai/Tool"
import * as JSONSchema from "effect/JSONSchema"
import type { Dialect, ProviderRequest } from "../misbehaving/Reply.js"

/** What a model is asked, in the words in which scripts and replies are written. @internal */
export const requestOf = (
  options: LanguageModel.ProviderOptions,
  about: { readonly dialect: Dialect; readonly model: string; readonly streaming: boolean }
): ProviderRequest => {
  const { prompt, responseFormat, toolChoice, tools } = options
  const messages = prompt.content.map(textOf)
  return {
    ...about,
    prompt: messages.at(-1) ?? "",
    characters: messages.join("\n").length,
    tools: tools.map((tool) => ({ name: tool.name, schema: Tool.getJsonSchema(tool as never) })),
    mustCall: mustCall(toolChoice),
    jsonSchema: responseFormat.type === "json" ? JSONSchema.make(responseFormat.schema) : undefined,
    body: {}
  }
}

const mustCall = (choice: LanguageModel.ProviderOptions["toolChoice"]): ProviderRequest["mustCall"] => {
  if (choice === "required") return "any"
  if (typeof choice !== "object") return undefined
  return "tool" in choice ? choice.tool : choice.mode === "required" ? choice.oneOf[0] : undefined
}

const textOf = ({ content }: Prompt.Message): string =>
  typeof content === "string" ? content : content.flatMap(wordsOf).join("\n")

const wordsOf = (part: Prompt.Part): ReadonlyArray<string> => {
  switch (part.type) {
    case "text":
    case "reasoning":
      return [part.text]
    case "tool-result":
      return [JSON.stringify(part.result) ?? ""]
    default:
      return []
  }
}
