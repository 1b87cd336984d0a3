/**
 * An upstream that costs as little as it can: the same answer to everybody, plain or streamed.
 *
 *   tsx bench/gateway/upstream.ts <port>
 */
import { createServer } from "node:http"

const content = "The sky is blue because air scatters short waves of light more than long ones. ".repeat(12)

const answer = Buffer.from(
  JSON.stringify({
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 1_750_000_000,
    model: "gpt-5",
    choices: [
      { index: 0, message: { role: "assistant", content, refusal: null }, logprobs: null, finish_reason: "stop" }
    ],
    usage: { prompt_tokens: 12, completion_tokens: 200, total_tokens: 212 }
  })
)

const chunk = (delta: object, finish: string | null): string =>
  `data: ${JSON.stringify({
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    created: 1_750_000_000,
    model: "gpt-5",
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }]
  })}\n\n`

const first = chunk({ role: "assistant", content: "The" }, null)
const word = chunk({ content: " word" }, null)
const last = `${chunk({}, "stop")}data: [DONE]\n\n`

createServer((request, response) => {
  const chunks: Array<Buffer> = []
  request.on("data", (bytes: Buffer) => chunks.push(bytes))
  request.on("end", () => {
    const asked = Buffer.concat(chunks)
    if (!asked.includes('"stream":true')) {
      response.writeHead(200, { "content-type": "application/json", "content-length": answer.length })
      response.end(answer)
      return
    }
    response.writeHead(200, { "content-type": "text/event-stream" })
    response.write(first)
    // A turn of the event loop between the pieces, so that they are pieces on the wire.
    let left = Number(/"max_tokens":(\d+)/.exec(asked.toString("latin1"))?.[1] ?? 20)
    const next = (): void => {
      if (left-- === 0) {
        response.end(last)
        return
      }
      response.write(word)
      setImmediate(next)
    }
    setImmediate(next)
  })
}).listen(Number(process.argv[2]), "127.0.0.1", 4096)
