/** What an attempt does, in OpenTelemetry's words: nobody says anything else. @internal */
export const operationName = "chat"

/** Who answers, where no option says: `openai/gpt-5` is OpenAI's. @internal */
export const providerOf = (target: string): string => target.split("/", 1)[0] || target
