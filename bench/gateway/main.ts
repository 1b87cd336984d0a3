/**
 * What the gateway adds to a call, beside Portkey's open gateway and a bare reverse proxy, all in one run: of time, and of
 * the processor, which says the same on a machine that has other things to do.
 *
 *   npm run build && (cd bench/gateway && npm install --ignore-scripts) && tsx bench/gateway/main.ts [rounds]
 */
import { load, quantile } from "./load.js"
import { besides, cpuOf, memoryOf } from "./subjects.js"

const rounds = Number(process.argv[2] ?? 5)

const cases = [
  { name: "plain, one at a time", stream: false, concurrency: 1, requests: 500 },
  { name: "first token, one at a time", stream: true, concurrency: 1, requests: 300 },
  { name: "plain, 50 at once", stream: false, concurrency: 50, requests: 3_000 },
  { name: "plain, 500 at once", stream: false, concurrency: 500, requests: 5_000 },
  { name: "stream of 20 chunks, 50 at once", stream: true, concurrency: 50, requests: 1_500 },
  { name: "stream of 20 chunks, 500 at once", stream: true, concurrency: 500, requests: 1_500 },
  { name: "stream of 200 chunks, 50 at once", stream: true, chunks: 200, concurrency: 50, requests: 300 }
]

const median = (values: ReadonlyArray<number>): number =>
  quantile(
    [...values].sort((one, other) => one - other),
    0.5
  )

await besides({ "effect-resilience": "dist" }, async (subjects) => {
  // A process that has just begun shows what its compiler does, which for a gateway goes on for thousands of calls.
  for (const stream of [false, true]) {
    for (const { headers, port } of subjects) {
      await load({ port, headers, stream, concurrency: 20, requests: stream ? 3_000 : 8_000 })
    }
  }
  for (const { name, ...asking } of cases) {
    const found = subjects.map((subject) => ({
      subject,
      p50: [] as Array<number>,
      p99: [] as Array<number>,
      rate: [] as Array<number>,
      cpu: [] as Array<number>,
      failed: 0
    }))
    // Subjects take turns, so that what else the machine does meanwhile is shared by all.
    for (let round = 0; round < rounds; round++) {
      for (const its of found) {
        const { headers, pid, port } = its.subject
        const before = pid === undefined ? 0 : cpuOf(pid)
        const { failed, perSecond, times } = await load({ ...asking, port, headers })
        if (pid !== undefined) its.cpu.push((cpuOf(pid) - before) / asking.requests)
        its.p50.push(quantile(times, 0.5))
        its.p99.push(quantile(times, 0.99))
        its.rate.push(perSecond)
        its.failed += failed
      }
    }
    const direct = median(found[0]?.p50 ?? [])
    console.log(`\n${name}`)
    for (const { cpu, failed, p50, p99, rate, subject } of found) {
      const added = (median(p50) - direct).toFixed(3)
      const processor = cpu.length === 0 ? "" : `${median(cpu).toFixed(0)} us of the processor  `
      console.log(
        `  ${subject.name.padEnd(18)} p50 ${median(p50).toFixed(3)} ms (added ${added})  p99 ${median(p99).toFixed(2)} ms  ${median(rate).toFixed(0)}/s  ${processor}failed ${failed}`
      )
    }
  }
  console.log("\nmemory (MB resident)")
  for (const { name, pid } of subjects) {
    if (pid !== undefined) console.log(`  ${name.padEnd(18)} ${memoryOf(pid).toFixed(0)}`)
  }
})
