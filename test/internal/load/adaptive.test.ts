import { describe, expect, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Adaptive from "../../../src/internal/load/adaptive.js"

const aimd: Adaptive.Settings = { algorithm: "aimd", initial: 10, min: 6, max: 40, backoff: 0.8, tolerance: 1.5 }
const gradient: Adaptive.Settings = { ...aimd, algorithm: "gradient" }

const success = (running: number, latency?: number): Adaptive.Sample => ({ _tag: "Success", latency, running })

/** What the formulas say, written down as one number and a few ifs. */
class Reference {
  limit = 10
  private searching = true
  private fellAt = Number.NEGATIVE_INFINITY
  private latencies: Array<number> = []
  private usual = 0
  constructor(private readonly settings: Adaptive.Settings) {}

  step(sample: Adaptive.Sample, now: number): void {
    if (sample._tag === "Drop") {
      if (sample.startedAt > this.fellAt) {
        this.limit = Math.max(6, this.limit * 0.8)
        this.searching = false
        this.fellAt = now
      }
      return
    }
    const { latency } = sample
    if (latency !== undefined) {
      this.latencies.push(latency)
      this.usual = this.usual * (1 - 1 / this.latencies.length) + latency / this.latencies.length
      if (this.usual > 2 * latency) this.usual *= 0.95
    }
    if (sample.running < this.limit / 2) return
    if (this.settings.algorithm === "aimd") this.limit += this.searching ? 1 : 1 / this.limit
    else {
      const ratio = latency === undefined ? 1 : Math.min(1, Math.max(0.5, (1.5 * this.usual) / latency))
      this.limit = 0.8 * this.limit + 0.2 * (ratio * this.limit + this.limit ** 0.5)
    }
    this.limit = Math.min(40, Math.max(6, this.limit))
  }
}

const compare = (step: typeof Adaptive.step, numRuns: number): void => {
  const commands = FastCheck.array(FastCheck.nat({ max: 0xffff }), { maxLength: 40 })
  const property = FastCheck.property(commands, FastCheck.boolean(), (commands, isGradient) => {
    const settings = isGradient ? gradient : aimd
    const reference = new Reference(settings)
    let state = Adaptive.initial(settings)
    let now = 1_000
    for (const command of commands) {
      const choice = command >> 2
      now += choice % 7
      const sample: Adaptive.Sample =
        (command & 3) === 0
          ? { _tag: "Drop", startedAt: now - (choice % 23) }
          : success(1 + (choice % 40), (command & 3) === 1 ? undefined : 1 + (choice % 3_000))
      const before = state.limit
      state = step(state, settings, sample, now)
      reference.step(sample, now)
      if (Math.abs(state.limit - reference.limit) > 1e-6) throw new Error(`${state.limit} not ${reference.limit}`)
      if (sample._tag === "Success" && sample.running * 2 < before && state.limit > before)
        throw new Error("idle growth")
    }
  })
  FastCheck.assert(property, { numRuns, seed: 13 })
}

describe("a limit that finds itself", () => {
  it("L4: 10 000 sequences give what the formulas say", () => {
    compare(Adaptive.step, 10_000)
  })

  const planted: ReadonlyArray<readonly [string, typeof Adaptive.step]> = [
    [
      "growth while idle",
      (state, settings, sample, now) =>
        Adaptive.step(state, settings, sample._tag === "Drop" ? sample : { ...sample, running: 100 }, now)
    ],
    [
      "a drop taken for a fast sample",
      (state, settings, sample, now) =>
        Adaptive.step(state, settings, sample._tag === "Drop" ? success(40, 1) : sample, now)
    ],
    [
      "a floor that does not hold",
      (state, settings, sample, now) => Adaptive.step(state, { ...settings, min: 1 }, sample, now)
    ]
  ]
  it.each(planted)("finds %s", (_, step) => {
    expect(() => compare(step, 10_000)).toThrow()
  })

  it.each([aimd, gradient])("L4: it falls to its floor when everything is turned away, %o", (settings) => {
    let state = Adaptive.initial(settings)
    for (let now = 0; now < 100; now++) state = Adaptive.step(state, settings, { _tag: "Drop", startedAt: now }, now)
    expect(state.limit).toBe(6)
  })

  it("many drops of one round are one", () => {
    let state = Adaptive.initial(aimd)
    for (let i = 0; i < 10; i++) state = Adaptive.step(state, aimd, { _tag: "Drop", startedAt: 5 }, 100 + i)
    expect(state.limit).toBe(8)
  })

  it.each([aimd, gradient])("L4: it does not grow while less than half is in use, %o", (settings) => {
    let state = Adaptive.initial(settings)
    for (let now = 0; now < 1_000; now++) state = Adaptive.step(state, settings, success(4, 100), now)
    expect(state.limit).toBe(10)
    expect(Adaptive.step(state, settings, success(5, 100), 1_000).limit).toBeGreaterThan(10)
  })

  it("a gradient shrinks as answers become slower", () => {
    let state = { ...Adaptive.initial(gradient), limit: 30 }
    for (let now = 0; now < 50; now++) state = Adaptive.step(state, gradient, success(30, 100), now)
    const before = state.limit
    for (let now = 0; now < 20; now++) state = Adaptive.step(state, gradient, success(40, 1_000), now)
    expect(state.limit).toBeLessThan(before * 0.7)
  })
})
