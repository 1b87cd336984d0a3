/**
 * What a gateway costs at least that reads a request before it passes it on: the same server and the same client of the
 * upstream as the gateway has, and nothing in between.
 *
 *   tsx bench/gateway/floor.ts <port> <upstream's port>
 */
import { createServer, type ServerResponse } from "node:http"
import { type Dispatcher, Pool } from "undici"

const [port, upstream] = process.argv.slice(2).map(Number)
const pool = new Pool(`http://127.0.0.1:${upstream}`, { connections: null, pipelining: 1 })

class Passing implements Dispatcher.DispatchHandler {
  private stream = false
  private readonly chunks: Array<Buffer> = []

  constructor(private readonly response: ServerResponse) {}

  onRequestStart(): void {}

  onResponseStart(_: unknown, status: number, headers: Record<string, string>): void {
    this.stream = headers["content-type"] === "text/event-stream"
    this.response.writeHead(status, {
      "content-type": headers["content-type"],
      ...(!this.stream && { "content-length": headers["content-length"] })
    })
  }

  onResponseData(_: unknown, bytes: Buffer): void {
    if (this.stream) this.response.write(bytes)
    else this.chunks.push(bytes)
  }

  onResponseEnd(): void {
    this.response.end(Buffer.concat(this.chunks))
  }

  onResponseError(): void {
    this.response.destroy()
  }
}

createServer((request, response) => {
  const chunks: Array<Buffer> = []
  request.on("data", (bytes: Buffer) => chunks.push(bytes))
  request.on("end", () => {
    const { authorization, "content-type": type } = request.headers
    const headers = { authorization, "content-type": type }
    const body = Buffer.concat(chunks)
    pool.dispatch({ method: "POST", path: request.url as string, headers, body }, new Passing(response))
  })
}).listen(port, "127.0.0.1", 4096)
