import { describe, expect, it } from "@effect/vitest"
import type { Standing, Target } from "../../src/gateway/internal/admin/api.js"
import { metrics, standing } from "../../src/gateway/internal/admin/together.js"

const target = (more: Partial<Target>): Target => ({
  name: "a/b",
  circuit: "closed",
  inFlight: 0,
  queued: 0,
  attempts: 0,
  answers: 0,
  failures: 0,
  recentFailures: [],
  views: { circuit: "shared", parking: "shared" },
  observeOnly: false,
  ...more
})

const of = (worker: number, targets: ReadonlyArray<Target>, at: ReadonlyArray<number>): Standing => ({
  processes: [{ worker, pid: worker, upForMillis: 1, underWay: 2, residentBytes: 3 }],
  observeOnly: false,
  targets,
  happenings: at.map((at, number) => ({ number, at, target: "a/b", what: "AttemptFailed" }))
})

describe("several processes told as one gateway", () => {
  it("what is counted is added up, and the circuit is the one that lets the least through", () => {
    const failure = (at: number) => ({ at, tag: "Overloaded" })
    const one = target({
      circuit: "open",
      why: "failures",
      inFlight: 1,
      limit: 5,
      attempts: 3,
      recentFailures: [failure(9)]
    })
    const alone = { circuit: "local", parking: "local" } as const
    const two = target({
      views: alone,
      inFlight: 2,
      limit: 5,
      queued: 1,
      attempts: 4,
      requestsLeft: 7,
      recentFailures: [failure(4)]
    })
    const both = standing([
      { worker: 1, answer: of(1, [one], [1, 5]) },
      { worker: 2, answer: of(2, [two, target({ name: "c/d" })], [3]) }
    ])
    expect(both.targets).toEqual([
      target({
        circuit: "open",
        why: "failures",
        // What one of them knows by itself is not what the fleet knows.
        views: alone,
        inFlight: 3,
        limit: 10,
        queued: 1,
        attempts: 7,
        requestsLeft: 7,
        recentFailures: [failure(4), failure(9)]
      }),
      target({ name: "c/d" })
    ])
    expect(both.processes.map(({ worker }) => worker)).toEqual([1, 2])
    expect(both.happenings.map(({ at, worker }) => [worker, at])).toEqual([
      [1, 1],
      [2, 3],
      [1, 5]
    ])
  })

  it("metrics of one name stand under one head, each with its worker", () => {
    const text = (value: number) =>
      `# HELP calls_total Calls {of a kind}\n# TYPE calls_total counter\ncalls_total{target="a b"} ${value}\n# HELP up It is\n# TYPE up gauge\nup ${value}\n`
    expect(metrics([{ worker: undefined, answer: text(1) }])).toBe(text(1))
    expect(metrics([1, 2].map((worker) => ({ worker, answer: text(worker) })))).toBe(
      [
        "# HELP calls_total Calls {of a kind}",
        "# TYPE calls_total counter",
        'calls_total{worker="1",target="a b"} 1',
        'calls_total{worker="2",target="a b"} 2',
        "# HELP up It is",
        "# TYPE up gauge",
        'up{worker="1"} 1',
        'up{worker="2"} 2',
        ""
      ].join("\n")
    )
  })
})
