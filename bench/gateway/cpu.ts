/**
 * The time of the processor that a request costs the gateway, a bare proxy and Portkey's open gateway, in turns: unlike
 * milliseconds it hardly depends on what else the machine does.
 *
 *   npm run build && tsx bench/gateway/cpu.ts [rounds] [dist of another build] ...
 */
import { load, quantile } from "./load.js"
import { besides, cpuOf } from "./subjects.js"

const rounds = Number(process.argv[2] ?? 5)
const builds = { "effect-resilience": "dist", ...Object.fromEntries(process.argv.slice(3).map((dist) => [dist, dist])) }

const cases = [
  { name: "plain", stream: false, concurrency: 20, requests: 1_500 },
  { name: "a stream of 20 chunks", stream: true, chunks: 20, concurrency: 20, requests: 400 },
  { name: "a stream of 200 chunks", stream: true, chunks: 200, concurrency: 20, requests: 80 }
]

await besides(builds, async (subjects) => {
  const proxied = subjects.filter(({ pid }) => pid !== undefined)
  for (const { name, ...asking } of cases) {
    const found = new Map<string, Array<number>>(proxied.map(({ name }) => [name, []]))
    // The first two rounds show what the compiler does.
    for (let round = -2; round < rounds; round++) {
      for (const { headers, name, pid, port } of proxied) {
        const before = cpuOf(pid as number)
        const { failed } = await load({ ...asking, port, headers })
        if (failed > 0) throw new Error(`${name}: ${failed} failed`)
        if (round >= 0) found.get(name)?.push((cpuOf(pid as number) - before) / asking.requests)
      }
    }
    console.log(name)
    for (const [name, micros] of found) {
      const sorted = micros.sort((one, other) => one - other)
      console.log(
        `  ${name.padEnd(18)} ${quantile(sorted, 0.5).toFixed(0).padStart(6)} us, at least ${sorted[0]?.toFixed(0)}`
      )
    }
  }
})
