/**
 * The APIs that the gateway serves: how a model is asked, and what the official clients make of the answer, in short.
 */
import { messages } from "./asking.js"

export interface Answer {
  readonly text: string
  readonly model: string | undefined
  readonly output: number | undefined
}

export interface Api {
  readonly path: string
  readonly ask: (stream: boolean) => object
  readonly read: (body: string, stream: boolean) => Answer
  /** The name by which a stream says that it has failed. */
  readonly failure: RegExp
}

// biome-ignore lint/suspicious/noExplicitAny: what three APIs say, looked at field by field
type Part = any

const eventsOf = (body: string): ReadonlyArray<Part> =>
  body
    .split("\n")
    .filter((line) => line.startsWith("data: {"))
    .map((line) => JSON.parse(line.slice(6)))

const chat: Api = {
  path: "/v1/chat/completions",
  ask: (stream) => ({ messages, ...(stream && { stream, stream_options: { include_usage: true } }) }),
  read: (body, stream) => {
    const parts = stream ? eventsOf(body) : [JSON.parse(body)]
    return {
      text: parts
        .flatMap(({ choices = [] }) => choices.map(({ delta, message }: Part) => (delta ?? message)?.content ?? ""))
        .join(""),
      model: parts[0]?.model,
      output: parts.find(({ usage }) => usage)?.usage?.completion_tokens
    }
  },
  failure: /\ndata: \{"error":\{[^\n]*\}\n\n$/
}

const anthropic: Api = {
  path: "/v1/messages",
  ask: (stream) => ({ messages, max_tokens: 100, ...(stream && { stream }) }),
  read: (body, stream) => {
    if (!stream) {
      const answer = JSON.parse(body)
      return { text: answer.content[0].text, model: answer.model, output: answer.usage.output_tokens }
    }
    const parts = eventsOf(body)
    return {
      text: parts.map(({ delta }) => delta?.text ?? "").join(""),
      model: parts[0]?.message?.model,
      output: parts.findLast(({ usage }) => usage)?.usage?.output_tokens
    }
  },
  failure: /\nevent: error\ndata: \{"type":"error",[^\n]*\}\n\n$/
}

const responses: Api = {
  path: "/v1/responses",
  ask: (stream) => ({ input: "Hello", ...(stream && { stream }) }),
  read: (body, stream) => {
    const parts = stream ? eventsOf(body) : []
    const whole = stream ? parts.findLast(({ response }) => response)?.response : JSON.parse(body)
    return {
      text: stream
        ? parts.map(({ delta, type }) => (type === "response.output_text.delta" ? delta : "")).join("")
        : whole.output.flatMap(({ content = [] }: Part) => content.map(({ text }: Part) => text)).join(""),
      model: whole?.model,
      output: whole?.usage?.output_tokens
    }
  },
  failure: /\nevent: error\ndata: \{"type":"error",[^\n]*\}\n\n$/
}

export const apis: ReadonlyArray<Api> = [chat, anthropic, responses]
