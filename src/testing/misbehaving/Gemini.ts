import * as Predicate from "effect/Predicate"
import type { Particulars, Problem } from "./Problem.js"
import { type Answer, words } from "./Reply.js"
import { bodyOf, dataEvent, type Frame, isMessages, listOf, offer, textOf, type Wire } from "./Wire.js"

/** Gemini: `POST /v1beta/models/{model}:generateContent` and `:streamGenerateContent?alt=sse`. @internal */
export const Gemini: Wire = {
  dialect: "gemini",
  requestIdHeader: "x-goog-request-id",
  keepAlive: ": keep-alive\n\n",
  read: (body, path) => {
    if (!isMessages(body.contents)) {
      return { message: "* GenerateContentRequest.contents: contents is not specified", param: "contents" }
    }
    const texts = body.contents.map((content) => textOf(content.parts))
    const tools = listOf(body.tools).flatMap((tool) => listOf(tool.functionDeclarations))
    const calling = bodyOf(bodyOf(body.toolConfig).functionCallingConfig)
    const generation = bodyOf(body.generationConfig)
    const allowed = Array.isArray(calling.allowedFunctionNames) ? calling.allowedFunctionNames : []
    return {
      dialect: "gemini",
      model: modelInPath(path),
      streaming: path.endsWith(":streamGenerateContent"),
      prompt: texts[texts.length - 1] ?? "",
      characters: texts.join("").length + textOf(bodyOf(body.systemInstruction).parts).length,
      tools: tools.flatMap(({ name, parameters, parametersJsonSchema }) =>
        offer(name, parametersJsonSchema ?? parameters)
      ),
      mustCall: calling.mode !== "ANY" ? undefined : Predicate.isString(allowed[0]) ? allowed[0] : "any",
      jsonSchema:
        generation.responseMimeType === "application/json"
          ? (generation.responseJsonSchema ?? generation.responseSchema ?? null)
          : undefined,
      body
    }
  },
  plain: (answer) =>
    response(answer, [...texts(answer, [answer.text]), ...calls(answer)], finishReasons[answer.finish]),
  stream: (answer) => [
    ...words(answer.text).map((text) => frame("content", response(answer, [{ text }]))),
    ...calls(answer).map((part) => frame("content", response(answer, [part]))),
    // The last chunk tells why it is the last.
    frame("end", response(answer, texts(answer, [""]), finishReasons[answer.finish]))
  ],
  problem,
  problemInStream: (kind, about) => dataEvent(problem(kind, about).body)
}

/** Gemini has its model in the path. @internal */
export const modelInPath = (path: string): string => decodeURIComponent(/\/models\/([^/:]+):/.exec(path)?.[1] ?? "")

const frame = (role: Frame["role"], data: unknown): Frame => ({ role, text: dataEvent(data) })

const texts = ({ refusal }: Answer, all: ReadonlyArray<string>) =>
  [...all, refusal].filter((text, i) => text !== "" || (i === 0 && refusal === "")).map((text) => ({ text }))

const calls = ({ toolCalls }: Answer) =>
  toolCalls.map(({ arguments: args, id, name }) => ({ functionCall: { id, name, args } }))

const response = (answer: Answer, parts: ReadonlyArray<object>, finishReason?: string) => ({
  candidates: [{ content: { role: "model", parts }, index: 0, ...(finishReason !== undefined && { finishReason }) }],
  usageMetadata: {
    promptTokenCount: answer.usage.inputTokens,
    candidatesTokenCount: answer.usage.outputTokens - answer.usage.reasoningTokens,
    totalTokenCount: answer.usage.inputTokens + answer.usage.outputTokens,
    cachedContentTokenCount: answer.usage.cachedInputTokens,
    thoughtsTokenCount: answer.usage.reasoningTokens
  },
  modelVersion: answer.request.model,
  responseId: answer.id
})

const finishReasons: Readonly<Record<Answer["finish"], string>> = {
  stop: "STOP",
  length: "MAX_TOKENS",
  toolCalls: "STOP",
  contentFilter: "SAFETY",
  refusal: "STOP"
}

function problem(kind: Problem, about: Particulars) {
  const { code, details = [], message, status } = described(kind, about)
  return { status: code, body: { error: { code, message: about.message ?? message, status, details } } }
}

interface Described {
  readonly code: number
  readonly status: string
  readonly message: string
  readonly details?: ReadonlyArray<object>
}

const retryInfo = (seconds: number | undefined) =>
  seconds === undefined ? [] : [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: `${seconds}s` }]

const quota = (quotaId: string) => ({
  "@type": "type.googleapis.com/google.rpc.QuotaFailure",
  violations: [{ quotaMetric: "generativelanguage.googleapis.com/generate_requests", quotaId }]
})

const described = (problem: Problem, about: Particulars): Described => {
  const invalid = (message: string): Described => ({ code: 400, status: "INVALID_ARGUMENT", message })
  const spent = "You exceeded your current quota, please check your plan and billing details."
  switch (problem) {
    case "rateLimited":
      return {
        code: 429,
        status: "RESOURCE_EXHAUSTED",
        message: spent,
        details: [quota("GenerateRequestsPerMinutePerProjectPerModel"), ...retryInfo(about.retryAfterSeconds)]
      }
    case "quotaExhausted":
      return {
        code: 429,
        status: "RESOURCE_EXHAUSTED",
        message: spent,
        details: [quota("GenerateRequestsPerDayPerProjectPerModel")]
      }
    case "overloaded":
      return { code: 503, status: "UNAVAILABLE", message: "The model is overloaded. Please try again later." }
    case "serverError":
      return { code: 500, status: "INTERNAL", message: "An internal error has occurred." }
    case "contextLengthExceeded": {
      const limit = about.limit ?? 8192
      const requested = about.requested ?? limit + 1
      return invalid(`The input token count (${requested}) exceeds the maximum number of tokens allowed (${limit}).`)
    }
    case "contentFiltered":
      return invalid("The prompt was blocked due to safety.")
    case "invalidKey":
      return invalid("API key not valid. Please pass a valid API key.")
    case "permissionDenied":
      return { code: 403, status: "PERMISSION_DENIED", message: "User location is not supported for the API use." }
    case "modelNotFound":
      return { code: 404, status: "NOT_FOUND", message: `models/${about.model} is not found for API version v1beta.` }
    case "invalidRequest":
      return invalid("Invalid JSON payload received.")
    case "requestTooLarge":
      return { code: 413, status: "INVALID_ARGUMENT", message: "Request payload size exceeds the limit." }
  }
}
