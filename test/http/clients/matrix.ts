/** What is asked of each client, and what goes wrong meanwhile. */
import * as MisbehavingProvider from "effect-resilience/testing/MisbehavingProvider"
import { type Client, type Entry, sentence } from "./Client.js"

const { Script, Step } = MisbehavingProvider

export type Capability = "plain" | "stream" | "tool" | "structured" | "embedding"

const capabilities: ReadonlyArray<Capability> = ["plain", "stream", "tool", "structured", "embedding"]

export const expected: Readonly<Record<Capability, unknown>> = {
  plain: sentence,
  stream: sentence,
  tool: "weather",
  structured: { city: "Paris" },
  embedding: 8
}

export type Ask = readonly [Capability, (signal?: AbortSignal) => Promise<unknown>]

/** What a client can do, each as one promise of what `expected` says. */
export const asks = (entry: Entry, client: Client): ReadonlyArray<Ask> =>
  capabilities.flatMap((capability): ReadonlyArray<Ask> => {
    if (capability === "stream") {
      return [[capability, async (signal) => textOf(entry, await client.stream(signal))]]
    }
    const ask = client[capability]
    return ask === undefined ? [] : [[capability, ask]]
  })

export const textOf = async (entry: Entry, stream: AsyncIterable<unknown>): Promise<string> => {
  let text = ""
  for await (const element of stream) {
    // The Vercel AI SDK hands failures out as elements.
    const part = element as { readonly type?: unknown; readonly error?: unknown }
    if (part?.type === "error" && part.error instanceof Error) throw part.error
    text += entry.dialect.read(element).text ?? ""
  }
  return text
}

/** Structured output, a tool's call where one is offered, and a sentence otherwise. */
export const reply = (request: MisbehavingProvider.ProviderRequest): MisbehavingProvider.Reply => {
  const [tool] = request.tools
  if (tool !== undefined) return { toolCalls: [{ name: tool.name, arguments: { city: "Paris" } }] }
  return request.jsonSchema === undefined ? { text: sentence } : { json: { city: "Paris" } }
}

/** What another attempt helps with, before any content has come. */
export const faults: Readonly<Record<string, MisbehavingProvider.Step.Step>> = {
  "a 429 with a hint": Step.rateLimited({ retryAfter: "5 millis" }),
  "a 500": Step.serverError(),
  "a 529": Step.overloaded({ status: 529 }),
  "a reset": Step.reset(),
  "a stall": Step.stall(),
  "an error in a 200": Step.errorInStream({ after: 0 }),
  "a cut": Step.cutBody({ after: 0 })
}

export const once = (step: MisbehavingProvider.Step.Step) => Script.inOrder([step], { afterwards: "answer" })
export const always = (step: MisbehavingProvider.Step.Step) => Script.inOrder([step], { afterwards: "repeatLast" })

/** What was thrown, or nothing. */
export const thrownBy = (ask: () => Promise<unknown>): Promise<unknown> =>
  ask().then(
    () => undefined,
    (error: unknown) => error ?? new Error("threw nothing")
  )

/** A property at a path with dots. */
export const at = (value: unknown, path: string): unknown =>
  path.split(".").reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], value)
