/**
 * Clients of a gateway: so many requests, so many at once, and how long each took.
 */
import { Pool } from "undici"

const body = ({ chunks, stream }: Asking): string =>
  JSON.stringify({
    model: "gpt-5",
    ...(stream && { stream, max_tokens: chunks ?? 20 }),
    messages: [
      { role: "system", content: "You answer in one paragraph." },
      { role: "user", content: `Why is the sky blue? ${"It is a long story. ".repeat(50)}` }
    ]
  })

export interface Asking {
  readonly port: number
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly stream: boolean
  /** How many words a stream has, each a piece of its own. Default: 20. */
  readonly chunks?: number | undefined
  readonly concurrency: number
  readonly requests: number
}

export interface Measured {
  /** Milliseconds to the whole answer, or to the first piece of content of a stream; sorted. */
  readonly times: ReadonlyArray<number>
  readonly perSecond: number
  readonly failed: number
}

export const load = async (asking: Asking): Promise<Measured> => {
  const { concurrency, headers, port, requests, stream } = asking
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: concurrency, pipelining: 1 })
  const options = {
    method: "POST",
    path: "/v1/chat/completions",
    headers: { "content-type": "application/json", authorization: "Bearer not-a-key", ...headers },
    body: body(asking)
  } as const
  const times: Array<number> = []
  let left = requests
  let failed = 0
  const one = async (): Promise<void> => {
    const start = performance.now()
    const response = await pool.request(options)
    let seen = ""
    let first: number | undefined
    for await (const bytes of response.body as AsyncIterable<Buffer>) {
      if (stream && first === undefined) {
        seen += bytes
        if (seen.includes("content")) first = performance.now()
      } else if (!stream) seen += bytes
      if (stream) seen = seen.slice(-200) + bytes
    }
    const whole = stream ? first !== undefined && seen.includes("[DONE]") : seen.includes('"total_tokens":212')
    if (response.statusCode !== 200 || !whole) failed++
    times.push((first ?? performance.now()) - start)
  }
  const worker = async (): Promise<void> => {
    while (left-- > 0) await one().catch(() => failed++)
  }
  const begun = performance.now()
  await Promise.all(Array.from({ length: concurrency }, worker))
  const perSecond = (requests / (performance.now() - begun)) * 1000
  await pool.destroy()
  return { times: times.sort((one, other) => one - other), perSecond, failed }
}

export const quantile = (times: ReadonlyArray<number>, q: number): number =>
  times[Math.min(times.length - 1, Math.floor(times.length * q))] ?? Number.NaN
