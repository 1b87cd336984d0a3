/**
 * The parts of `@effect/ai` as a dialect of their own: JSON, and a server-sent event for each part of a stream. So a
 * scripted model performs each step as a provider does on a socket. Complaints are those of OpenAI or of Anthropic.
 *
 * @internal
 */
import type * as Response from "@effect/ai/Response"
import { type Answer, fragments, words } from "../misbehaving/Reply.js"
import { dataEvent, type Frame, type Wire } from "../misbehaving/Wire.js"

/** @internal */
export const wire = (complaints: Wire): Wire => ({
  dialect: complaints.dialect,
  read: complaints.read,
  requestIdHeader: complaints.requestIdHeader,
  problem: complaints.problem,
  keepAlive: complaints.keepAlive,
  plain,
  stream,
  problemInStream: (problem, about) => dataEvent({ type: "error", error: complaints.problem(problem, about).body })
})

const finishReasons: Readonly<Record<Answer["finish"], Response.FinishReason>> = {
  stop: "stop",
  length: "length",
  toolCalls: "tool-calls",
  contentFilter: "content-filter",
  refusal: "content-filter"
}

const metadata = ({ created, id, request }: Answer): Response.ResponseMetadataPartEncoded => ({
  type: "response-metadata",
  id,
  modelId: request.model,
  timestamp: new Date(created * 1_000).toISOString()
})

const finish = ({ finish, usage }: Answer): Response.FinishPartEncoded => ({
  type: "finish",
  reason: finishReasons[finish],
  usage: {
    inputTokens: usage.inputTokens,
    outputTokens: usage.outputTokens,
    totalTokens: usage.inputTokens + usage.outputTokens,
    reasoningTokens: usage.reasoningTokens,
    cachedInputTokens: usage.cachedInputTokens
  }
})

const said = ({ refusal, text }: Answer): string => text + refusal

const plain = (answer: Answer): ReadonlyArray<Response.PartEncoded> => [
  metadata(answer),
  ...(said(answer) === "" ? [] : [{ type: "text", text: said(answer) } as const]),
  ...answer.toolCalls.map(
    ({ arguments: params, id, name }) => ({ type: "tool-call", id, name, params, providerExecuted: false }) as const
  ),
  finish(answer)
]

const stream = (answer: Answer): ReadonlyArray<Frame> => {
  const id = "text"
  const frame = (role: Frame["role"], part: Response.StreamPartEncoded): Frame => ({ role, text: dataEvent(part) })
  const pieces = words(said(answer))
  return [
    frame("opening", metadata(answer)),
    ...(pieces.length === 0 ? [] : [frame("opening", { type: "text-start", id })]),
    ...pieces.map((delta) => frame("content", { type: "text-delta", id, delta })),
    ...(pieces.length === 0 ? [] : [frame("closing", { type: "text-end", id })]),
    ...answer.toolCalls.flatMap(({ arguments: params, id, name }) => [
      frame("content", { type: "tool-params-start", id, name, providerExecuted: false }),
      ...fragments(JSON.stringify(params)).map((delta) => frame("content", { type: "tool-params-delta", id, delta })),
      frame("closing", { type: "tool-params-end", id }),
      frame("closing", { type: "tool-call", id, name, params, providerExecuted: false })
    ]),
    frame("finish", finish(answer))
  ]
}
