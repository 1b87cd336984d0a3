/** APIs that the misbehaving provider does not play, as the events that their vendors document, and who asks for them. */
import { GoogleGenAI } from "@google/genai"
import { Mistral } from "@mistralai/mistralai"
import { StreamDialect } from "effect-resilience"
import OpenAI from "openai"

/** The name of an event, where it has one, and its data. */
export type WireEvent = readonly [event: string | undefined, data: object | string]

export interface Api {
  readonly name: string
  readonly dialect: StreamDialect.StreamDialect<unknown>
  /** What comes before any content. */
  readonly opening: ReadonlyArray<WireEvent>
  /** "one " and "two". */
  readonly words: readonly [WireEvent, WireEvent]
  /** The beginning of a call of `pay` with the id "1", as far as within its arguments, and what is left of it. */
  readonly call: readonly [begun: ReadonlyArray<WireEvent>, rest: ReadonlyArray<WireEvent>]
  readonly end: ReadonlyArray<WireEvent>
  /** The end of an answer that waits for the outputs of tools. */
  readonly endOfCall: ReadonlyArray<WireEvent>
  /** Each way to say within the stream that there are too many requests. */
  readonly errors: ReadonlyArray<WireEvent>
  /** The vendor's own client, which asks at this address and repeats nothing itself. */
  readonly stream: (url: string, signal: AbortSignal) => AsyncIterable<unknown> | Promise<AsyncIterable<unknown>>
}

const done: WireEvent = ["done", "[DONE]"]

/** An object of OpenAI's is much longer than what is looked at. */
const run = (name: string, data: object = {}): WireEvent => [
  `thread.run.${name}`,
  { id: "run", object: "thread.run", status: name, last_error: null, ...data }
]

const message = (value: string): WireEvent => [
  "thread.message.delta",
  {
    id: "m",
    object: "thread.message.delta",
    delta: { content: [{ index: 0, type: "text", text: { value, annotations: [] } }] }
  }
]

const step = (call: object): WireEvent => [
  "thread.run.step.delta",
  {
    id: "step",
    object: "thread.run.step.delta",
    delta: { step_details: { type: "tool_calls", tool_calls: [{ index: 0, type: "function", ...call }] } }
  }
]

const limited = { code: "rate_limit_exceeded", message: "slow down" }

const assistants: Omit<Api, "name" | "stream"> = {
  dialect: StreamDialect.openAiAssistants,
  opening: [
    run("created", { status: "queued" }),
    run("in_progress"),
    ["thread.message.created", { id: "m", object: "thread.message", status: "in_progress", content: [] }]
  ],
  words: [message("one "), message("two")],
  call: [
    [
      [
        "thread.run.step.created",
        { id: "step", object: "thread.run.step", step_details: { type: "tool_calls", tool_calls: [] } }
      ],
      step({ id: "1", function: { name: "pay", arguments: '{"am' } })
    ],
    [step({ function: { arguments: 'ount":1}' } })]
  ],
  end: [run("completed"), done],
  endOfCall: [run("requires_action"), done],
  errors: [["error", limited], run("failed", { last_error: limited })]
}

const openai = (baseURL: string) => new OpenAI({ apiKey: "key", baseURL, maxRetries: 0 })
const assistant = { assistant_id: "a" }

const typed = <Event extends { readonly type: string }>(data: Event): WireEvent => [data.type, data]

const said = (content: unknown) =>
  typed({ type: "message.output.delta", output_index: 0, id: "m", content_index: 0, role: "assistant", content })

const called = (args: string) =>
  typed({ type: "function.call.delta", output_index: 1, id: "f", name: "pay", tool_call_id: "1", arguments: args })

const conversationDone = typed({
  type: "conversation.response.done",
  usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 }
})

/** Their name is within the data. */
const event = (event_type: string, fields: object): WireEvent => [event_type, { event_type, ...fields }]

const completed = (status: string): ReadonlyArray<WireEvent> => [
  event("interaction.completed", { interaction: { id: "i", status } }),
  done
]

export const furtherApis: ReadonlyArray<Api> = [
  {
    name: "OpenAI Assistants, a run",
    ...assistants,
    stream: (url, signal) => openai(url).beta.threads.runs.create("t", { ...assistant, stream: true }, { signal })
  },
  {
    name: "OpenAI Assistants, a run as the client's own stream object",
    ...assistants,
    stream: (url, signal) => openai(url).beta.threads.runs.stream("t", assistant, { signal })
  },
  {
    name: "OpenAI Assistants, a thread and its run",
    ...assistants,
    stream: (url, signal) => openai(url).beta.threads.createAndRunStream(assistant, { signal })
  },
  {
    name: "Mistral conversations",
    dialect: StreamDialect.mistral,
    opening: [typed({ type: "conversation.response.started", conversation_id: "c" })],
    words: [said("one "), said({ type: "text", text: "two" })],
    call: [[called('{"am')], [called('ount":1}')]],
    end: [conversationDone],
    endOfCall: [conversationDone],
    errors: [typed({ type: "conversation.response.error", message: "slow down", code: 429 })],
    stream: (serverURL, signal) =>
      new Mistral({ apiKey: "key", serverURL, retryConfig: { strategy: "none" } }).beta.conversations.startStream(
        { model: "m", inputs: "Pay!" },
        { fetchOptions: { signal } }
      )
  },
  {
    name: "Gemini Interactions",
    dialect: StreamDialect.geminiInteractions,
    opening: [
      event("interaction.created", { interaction: { id: "i", status: "in_progress", model: "m" } }),
      event("step.start", { index: 0, step: { type: "model_output" } })
    ],
    words: [
      event("step.delta", { index: 0, delta: { type: "text", text: "one " } }),
      event("step.delta", { index: 0, delta: { type: "text", text: "two" } })
    ],
    call: [
      [
        event("step.start", { index: 1, step: { type: "function_call", id: "1", name: "pay", arguments: {} } }),
        event("step.delta", { index: 1, delta: { type: "arguments_delta", arguments: '{"am' } })
      ],
      [
        event("step.delta", { index: 1, delta: { type: "arguments_delta", arguments: 'ount":1}' } }),
        event("step.stop", { index: 1 })
      ]
    ],
    end: completed("completed"),
    endOfCall: completed("requires_action"),
    errors: [event("error", { error: { code: "429", message: "slow down" } })],
    stream: (baseUrl, signal) =>
      new GoogleGenAI({ apiKey: "key", httpOptions: { baseUrl } }).interactions.create(
        { model: "m", input: "Pay!", stream: true },
        { signal, retries: { strategy: "none" } }
      )
  }
]
