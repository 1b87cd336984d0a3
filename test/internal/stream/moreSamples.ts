/** As `samples`, in the vendors' own types: what only few applications use. */
import type { GoogleGenAI } from "@google/genai"
import type { ConversationEvents } from "@mistralai/mistralai/models/components/conversationevents.js"
import { StreamDialect } from "effect-resilience"
import type { AssistantStreamEvent } from "openai/resources/beta/assistants"
import type { RealtimeServerEvent } from "openai/resources/realtime/realtime"
import type { Sample } from "./samples.js"

const whole = { text: "one two", calls: [{ id: "1", name: "pay" }] }

const ids = { event_id: "e", response_id: "r", item_id: "i", content_index: 0 }

const functionCall = (fields: object) => ({
  type: "function_call" as const,
  id: "i",
  call_id: "1",
  name: "pay",
  arguments: "",
  ...fields
})

const realtime: ReadonlyArray<RealtimeServerEvent> = [
  {
    type: "conversation.item.added",
    event_id: "e",
    item: { type: "message", role: "user", content: [{ type: "input_text", text: "Pay!" }] }
  },
  { type: "response.created", event_id: "e", response: { object: "realtime.response", status: "in_progress" } },
  { type: "rate_limits.updated", event_id: "e", rate_limits: [{ name: "requests", limit: 10, remaining: 9 }] },
  {
    type: "response.output_item.added",
    event_id: "e",
    response_id: "r",
    output_index: 0,
    item: { type: "message", role: "assistant", content: [] }
  },
  { type: "response.output_audio_transcript.delta", ...ids, output_index: 0, delta: "one " },
  { type: "response.output_audio.delta", ...ids, output_index: 0, delta: "AAAA" },
  { type: "response.output_text.delta", ...ids, output_index: 0, delta: "two" },
  { type: "response.output_item.added", event_id: "e", response_id: "r", output_index: 1, item: functionCall({}) },
  { type: "response.function_call_arguments.delta", ...ids, call_id: "1", output_index: 1, delta: "{}" },
  {
    type: "response.output_item.done",
    event_id: "e",
    response_id: "r",
    output_index: 1,
    item: functionCall({ arguments: "{}" })
  },
  {
    type: "response.done",
    event_id: "e",
    response: {
      object: "realtime.response",
      status: "completed",
      usage: { input_tokens: 5, output_tokens: 2, input_token_details: { cached_tokens: 3 } }
    }
  }
]

type Step = Extract<AssistantStreamEvent, { event: "thread.run.step.delta" }>["data"]

const step = (call: object): AssistantStreamEvent => ({
  event: "thread.run.step.delta",
  data: {
    id: "step",
    object: "thread.run.step.delta",
    delta: { step_details: { type: "tool_calls", tool_calls: [{ index: 0, type: "function", ...call }] } }
  } as Step
})

const message = (value: string): AssistantStreamEvent => ({
  event: "thread.message.delta",
  data: {
    id: "m",
    object: "thread.message.delta",
    delta: { role: "assistant", content: [{ index: 0, type: "text", text: { value, annotations: [] } }] }
  }
})

/** An object of OpenAI's is much longer than what is looked at. */
const run = <const Event extends AssistantStreamEvent["event"]>(event: Event, data: object): AssistantStreamEvent =>
  ({ event, data: { id: "run", object: "thread.run", last_error: null, ...data } }) as AssistantStreamEvent

const assistants: ReadonlyArray<AssistantStreamEvent> = [
  run("thread.run.created", { status: "queued" }),
  run("thread.run.in_progress", { status: "in_progress" }),
  {
    event: "thread.message.created",
    data: { id: "m", object: "thread.message", status: "in_progress", content: [] } as never
  },
  message("one "),
  message("two"),
  step({ id: "1", function: { name: "pay", arguments: "" } }),
  step({ function: { arguments: "{}" } }),
  run("thread.run.requires_action", {
    status: "requires_action",
    usage: null,
    required_action: {
      type: "submit_tool_outputs",
      submit_tool_outputs: { tool_calls: [{ id: "1", type: "function", function: { name: "pay", arguments: "{}" } }] }
    }
  })
]

const conversation: ReadonlyArray<ConversationEvents> = [
  { event: "conversation.response.started", data: { type: "conversation.response.started", conversationId: "c" } },
  {
    event: "message.output.delta",
    data: {
      type: "message.output.delta",
      outputIndex: 0,
      id: "m",
      contentIndex: 0,
      role: "assistant",
      content: "one "
    }
  },
  {
    event: "message.output.delta",
    data: {
      type: "message.output.delta",
      outputIndex: 0,
      id: "m",
      contentIndex: 0,
      role: "assistant",
      content: { type: "text", text: "two" }
    }
  },
  ...["", "{}"].map(
    (arguments_): ConversationEvents => ({
      event: "function.call.delta",
      data: {
        type: "function.call.delta",
        outputIndex: 1,
        id: "f",
        name: "pay",
        toolCallId: "1",
        arguments: arguments_
      }
    })
  ),
  {
    event: "conversation.response.done",
    data: { type: "conversation.response.done", usage: { promptTokens: 5, completionTokens: 2, totalTokens: 7 } }
  }
]

/** The client's type of them is not exported. */
type Interactions = InstanceType<typeof GoogleGenAI>["interactions"]
type Streamed<A> = A extends AsyncIterable<infer Event> ? Event : never
export type InteractionEvent = Streamed<Awaited<ReturnType<Interactions["create"]>>>

const interactions: ReadonlyArray<InteractionEvent> = [
  { event_type: "interaction.created", interaction: { id: "i", status: "in_progress", model: "m" } },
  { event_type: "step.start", index: 0, step: { type: "thought" } },
  { event_type: "step.delta", index: 0, delta: { type: "thought_signature", signature: "s" } },
  { event_type: "step.stop", index: 0 },
  { event_type: "step.start", index: 1, step: { type: "model_output" } },
  { event_type: "step.delta", index: 1, delta: { type: "text", text: "one " } },
  { event_type: "step.delta", index: 1, delta: { type: "text", text: "two" } },
  { event_type: "step.stop", index: 1 },
  { event_type: "step.start", index: 2, step: { type: "function_call", id: "1", name: "pay", arguments: {} } },
  { event_type: "step.delta", index: 2, delta: { type: "arguments_delta", arguments: "{}" } },
  { event_type: "step.stop", index: 2 },
  {
    event_type: "interaction.completed",
    interaction: { id: "i", status: "requires_action", usage: { total_input_tokens: 5, total_output_tokens: 2 } }
  }
]

/** What those that come as events with their data parsed are without their envelope. */
const datasOf = (elements: ReadonlyArray<unknown>): ReadonlyArray<unknown> =>
  elements.map((element) => (element as { readonly data: unknown }).data)

const chat = (delta: object, finishReason: string | null = null) => ({
  data: { id: "m", model: "mistral-large", choices: [{ index: 0, delta, finishReason }] }
})

const mistralChat = [
  chat({ role: "assistant", content: "one " }),
  chat({ content: [{ type: "text", text: "two" }] }),
  chat({ toolCalls: [{ index: 0, id: "1", function: { name: "pay", arguments: "" } }] }),
  chat({ toolCalls: [{ index: 0, id: "1", function: { name: "pay", arguments: "{}" } }] }),
  chat({}, "tool_calls")
]

export const moreSamples: ReadonlyArray<Sample> = [
  { name: "OpenAI Realtime", dialect: StreamDialect.openAiRealtime, elements: realtime, completeAt: 10, ...whole },
  {
    name: "OpenAI Assistants",
    dialect: StreamDialect.openAiAssistants,
    elements: assistants,
    wire: datasOf(assistants),
    completeAt: 7,
    ...whole
  },
  {
    name: "Mistral",
    dialect: StreamDialect.mistral,
    elements: mistralChat,
    wire: datasOf(mistralChat),
    completeAt: 4,
    ...whole
  },
  {
    name: "Mistral conversations",
    dialect: StreamDialect.mistral,
    elements: conversation,
    wire: datasOf(conversation),
    completeAt: 5,
    ...whole
  },
  {
    name: "Gemini Interactions",
    dialect: StreamDialect.geminiInteractions,
    elements: interactions,
    completeAt: 11,
    ...whole
  }
]
