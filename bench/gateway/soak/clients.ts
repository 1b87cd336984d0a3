/**
 * Clients that ask for every fault in every dialect, leave now and then in the middle, and look at what they are given.
 *
 *   node --import tsx bench/gateway/soak/clients.ts <url> <seconds> <how many at once> <key,key,...>
 */
import { Agent, request } from "node:http"
import * as FaultModels from "../../../src/testing/misbehaving/FaultModels.js"
import { reply } from "./reply.js"

const [url = "", seconds = "60", atOnce = "200", keys = ""] = process.argv.slice(2)
const models = [
  ...FaultModels.names.flatMap((name) => [name, `${name}-once`]),
  ...Array.from({ length: 20 }, () => "embedded")
]
const paths = ["/v1/chat/completions", "/v1/messages", "/v1/responses", "/v1/embeddings"] as const
const agent = new Agent({ keepAlive: true, maxSockets: Number(atOnce) })
const end = performance.now() + Number(seconds) * 1000

const drawn = <A>(values: ReadonlyArray<A>): A => values[Math.floor(Math.random() * values.length)] as A

const bodyOf = (path: (typeof paths)[number], model: string, stream: boolean): string => {
  const input = `Why is the sky blue? ${"It is a long story. ".repeat(Math.floor(Math.random() * 50))}`
  switch (path) {
    case "/v1/embeddings":
      return JSON.stringify({ model, input })
    case "/v1/responses":
      return JSON.stringify({ model, input, stream })
    default:
      return JSON.stringify({ model, stream, max_tokens: 100, messages: [{ role: "user", content: input }] })
  }
}

const told: Record<string, number> = {}
const wrong: Array<string> = []
const count = (what: string): void => {
  told[what] = (told[what] ?? 0) + 1
}

/** Whether an answer is whole, or says itself that it is not. */
const judge = (path: string, model: string, stream: boolean, status: number, body: string): string | undefined => {
  if (status !== 200) {
    const { error } = JSON.parse(body) as { readonly error?: { readonly message?: unknown } }
    return typeof error?.message === "string" ? undefined : `a ${status} that says nothing: ${body.slice(0, 200)}`
  }
  if (!stream) {
    const answer = JSON.parse(body)
    if (path === "/v1/embeddings") return Array.isArray(answer.data?.[0]?.embedding) ? undefined : "no embedding"
    // A model that declines has answered.
    return body.includes(reply.text) || model.startsWith("fault/refusal") ? undefined : `cut: ${body.slice(0, 300)}`
  }
  const events = body.split("\n").flatMap((line) => (line.startsWith("data: {") ? [JSON.parse(line.slice(6))] : []))
  if (events.some(({ error, type }) => error !== undefined || type === "error" || type === "response.failed"))
    return undefined
  const text = events
    .map((event) =>
      path === "/v1/chat/completions"
        ? (event.choices?.[0]?.delta?.content ?? "")
        : path === "/v1/messages"
          ? (event.delta?.text ?? "")
          : event.type === "response.output_text.delta"
            ? event.delta
            : ""
    )
    .join("")
  if (model.startsWith("fault/refusal")) return undefined
  const finished = /"finish_reason":"stop"|"type":"message_stop"|"type":"response\.completed"/.test(body)
  return text === reply.text && finished
    ? undefined
    : `a stream that is not whole and does not say so: ${body.slice(-500)}`
}

const one = (): Promise<void> =>
  new Promise((resolve) => {
    const path = drawn(paths)
    const model = drawn(models)
    const stream = path !== "/v1/embeddings" && Math.random() < 0.6
    const body = bodyOf(path, model, stream)
    const leaves = Math.random() < 0.15
    const over = (what: string, problem?: string): void => {
      count(what)
      if (problem !== undefined) wrong.push(`${path} ${model}${stream ? ", streamed" : ""}: ${problem}`)
      resolve()
    }
    const asked = request(`${url}${path}`, {
      agent,
      method: "POST",
      headers: {
        "content-type": "application/json",
        "content-length": Buffer.byteLength(body),
        ...(keys !== "" && { authorization: `Bearer ${drawn(keys.split(","))}` })
      }
    })
    const left = leaves ? setTimeout(() => asked.destroy(), Math.random() * 1_500) : undefined
    asked.on("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(left)
      // A connection that both sides end at one moment is nobody's fault: any client asks again.
      if (asked.destroyed && leaves && asked.errored === null) return over("left")
      const stale = asked.reusedSocket && error.code === "ECONNRESET"
      over(leaves ? "left" : stale ? "stale connection" : "broken", leaves || stale ? undefined : String(error))
    })
    asked.on("response", (response) => {
      let got = ""
      response.setEncoding("utf8")
      response.on("data", (text: string) => {
        got += text
      })
      response.on("close", () => {
        clearTimeout(left)
        if (!response.complete)
          return leaves ? over("left") : over("broken", `the connection ended: ${got.slice(-300)}`)
        const status = response.statusCode ?? 0
        const failed = status === 200 && stream && /"error"|response\.failed/.test(got)
        try {
          over(failed ? "200, failed in the stream" : String(status), judge(path, model, stream, status, got))
        } catch (error) {
          over(String(status), `cannot be read: ${String(error)} ${got.slice(0, 300)}`)
        }
      })
    })
    asked.end(body)
  })

const client = async (): Promise<void> => {
  while (performance.now() < end) await one()
}

await Promise.all(Array.from({ length: Number(atOnce) }, client))
agent.destroy()
process.send?.({ told, wrong: wrong.slice(0, 50), wrongs: wrong.length })
process.disconnect?.()
