/** A caller that leaves, in each phase of a call: at once, with its own reason, and nothing of the call stays behind. */
import { expect, it } from "@effect/vitest"
import * as ResilientFetch from "effect-resilience/http/ResilientFetch"
import { afterEach, describe } from "vitest"
import { formats } from "./bytes.js"

const url = "https://api.openai.com/v1/chat/completions"
const events = (formats["OpenAI's chat"]?.stream(["one", "two", "three"]) ?? "").split(/(?<=\n\n)/)

/** A body of these events, of which nothing more comes. */
const stalled = (signal: AbortSignal, count: number, type = "text/event-stream"): Response => {
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      for (const event of events.slice(0, count)) controller.enqueue(new TextEncoder().encode(event))
      signal.addEventListener("abort", () => controller.error(signal.reason))
    }
  })
  return new Response(body, { headers: { "content-type": type } })
}

const silent = (signal: AbortSignal): Promise<Response> =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)))

const whole = async (): Promise<Response> =>
  new Response(events.join(""), { headers: { "content-type": "text/event-stream" } })

type Answer = (signal: AbortSignal) => Response | Promise<Response>

/** Where a call is when its caller leaves. */
const phases: Readonly<Record<string, Answer>> = {
  "before the head": silent,
  "within a plain body": (signal) => stalled(signal, 1, "application/json"),
  "within what is held back": (signal) => stalled(signal, 1),
  "between two chunks": (signal) => stalled(signal, 3),
  "within a wait for another attempt": () => new Response("{}", { status: 500 })
}

const disposals: Array<() => Promise<void>> = []
afterEach(() => Promise.all(disposals.splice(0).map((dispose) => dispose())))

const setUp = (answer: Answer, options: ResilientFetch.Options = {}) => {
  const signals: Array<AbortSignal> = []
  let answers = answer
  const fetch = ResilientFetch.make({
    // With one place only, the next call tells whether this one has gone.
    retry: { initialDelay: "20 seconds" },
    bulkhead: { maxConcurrent: 1, maxQueued: 1 },
    fetch: async (_, init) => {
      const signal = init?.signal as AbortSignal
      signals.push(signal)
      return answers(signal)
    },
    ...options
  })
  disposals.push(fetch.dispose)
  const ask = (signal?: AbortSignal, plain = false) =>
    fetch(url, { method: "POST", body: JSON.stringify({ model: "m", stream: !plain }), ...(signal && { signal }) })
  const answersNow = async () => {
    answers = whole
    expect(await (await ask()).text()).toBe(events.join(""))
  }
  return { ask, answersNow, signals }
}

const read = async (response: Response): Promise<void> => {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  while (!(await reader.read()).done);
}

const reasons: ReadonlyArray<readonly [string, unknown]> = [
  ["an Error", new Error("mine")],
  ["a text", "mine"],
  ["none", undefined]
]

describe.each(Object.entries(phases))("X5: a caller that leaves %s", (phase, answer) => {
  it.each(reasons)("hears its own reason at once: %s", async (_, reason) => {
    const { answersNow, ask, signals } = setUp(answer)
    const leaves = new AbortController()
    const asking = ask(leaves.signal, phase === "within a plain body").then(read)
    const ended = asking.then(
      () => "an end",
      (error: unknown) => error
    )
    await expect.poll(() => signals.length, { interval: 2 }).toBe(1)
    await new Promise((resolve) => setTimeout(resolve, 10))
    const before = performance.now()
    leaves.abort(reason)
    expect(await ended).toBe(leaves.signal.reason)
    expect(performance.now() - before).toBeLessThan(1_000)
    expect(leaves.signal.reason).toBe(reason ?? leaves.signal.reason)
    // Of an attempt that was over when the caller left, nothing is to be ended.
    if (!phase.includes("another attempt")) expect(signals[0]?.aborted).toBe(true)
    await answersNow()
    expect(signals).toHaveLength(2)
  })
})

it("X5: a caller that leaves the queue is not asked for, and takes nobody's place", async () => {
  const { answersNow, ask, signals } = setUp(silent)
  const [first, second] = [new AbortController(), new AbortController()]
  const asked = [ask(first.signal), ask(second.signal)].map((asking) => asking.catch((error: unknown) => error))
  await expect.poll(() => signals.length, { interval: 2 }).toBe(1)
  second.abort("no longer")
  expect(await asked[1]).toBe("no longer")
  first.abort("nor I")
  expect(await asked[0]).toBe("nor I")
  await answersNow()
  expect(signals).toHaveLength(2)
})

it("X5: a caller that leaves while two targets are asked ends both", async () => {
  const { ask, signals } = setUp(silent, {
    bulkhead: false,
    fallbacks: [{ name: "other", baseUrl: "https://other.example/v1" }],
    across: { after: 1 }
  })
  const leaves = new AbortController()
  const asking = ask(leaves.signal)
  await expect.poll(() => signals.length, { interval: 2 }).toBe(2)
  leaves.abort(new Error("mine"))
  await expect(asking).rejects.toThrow("mine")
  await expect.poll(() => signals.map(({ aborted }) => aborted)).toEqual([true, true])
})

it("S9: a reader that cancels frees the place and ends the request", async () => {
  const { answersNow, ask, signals } = setUp((signal) => stalled(signal, 3))
  await ((await ask()).body as ReadableStream<Uint8Array>).cancel()
  expect(signals[0]?.aborted).toBe(true)
  await answersNow()
})

it("S9: of a response and its clone, the request ends with the last of the two that is left", async () => {
  const { answersNow, ask, signals } = setUp((signal) => stalled(signal, 3))
  const response = await ask()
  const twin = response.clone()
  const left = response.body?.cancel()
  await new Promise((resolve) => setTimeout(resolve, 5))
  expect(signals[0]?.aborted).toBe(false)
  await twin.body?.cancel()
  await left
  expect(signals[0]?.aborted).toBe(true)
  await answersNow()
})

it("X5: a signal that is aborted when the answer has been read does nothing", async () => {
  const { ask, signals } = setUp(whole)
  const leaves = new AbortController()
  const response = await ask(leaves.signal)
  expect(await response.text()).toBe(events.join(""))
  leaves.abort()
  await new Promise((resolve) => setTimeout(resolve, 5))
  expect(signals).toHaveLength(1)
})
