/**
 * A reverse proxy that does nothing but pass on, in as few lines as Node allows: what any gateway in Node costs at least.
 *
 *   tsx bench/gateway/proxy.ts <port> <upstream's port>
 */
import { Agent, createServer, request as send } from "node:http"

const [port, upstream] = process.argv.slice(2).map(Number)
const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY, maxFreeSockets: 1024 })

createServer((request, response) => {
  const { headers, method, url } = request
  const sent = send({ agent, host: "127.0.0.1", port: upstream, method, path: url, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(response)
  })
  sent.on("error", () => response.destroy())
  request.pipe(sent)
}).listen(port, "127.0.0.1", 4096)
