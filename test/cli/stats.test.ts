import { Duration, Effect, Layer } from "effect"
import { LlmError, ResilienceEvent } from "effect-resilience"
import * as OperationLog from "effect-resilience/sql/OperationLog"
import * as OperationLogFile from "effect-resilience/sql/OperationLogFile"
import { afterAll, beforeAll, describe, it } from "vitest"
import { type Ended, run } from "../program.js"
import { files } from "../sql/databases.js"

const { ResilienceEvent: event } = ResilienceEvent

const hour = 3_600_000
const now = Math.floor(Date.now() / hour) * hour

/** A call of two attempts that was answered then, a second after it was asked. */
const answered = (call: number, at: number): ReadonlyArray<ResilienceEvent.ResilienceEvent> => {
  const about = { target: "acme/large", provider: "acme", call }
  const error = new LlmError.RateLimited({ message: "Slower", status: 429 })
  const duration = Duration.millis(250)
  const wait = Duration.millis(500)
  const usage = { inputTokens: 1_000, outputTokens: 100 }
  return [
    event.AttemptFailed({ ...about, at: at - 750, attempt: 1, duration, error }),
    event.RetryScheduled({ ...about, at: at - 750, attempt: 2, wait, error }),
    event.AttemptSucceeded({ ...about, at, attempt: 2, duration, usage, answeredBy: "large-2" }),
    event.CallSucceeded({ ...about, at, attempts: 2, duration: Duration.seconds(1) })
  ]
}

const written = (path: string): Promise<void> =>
  Effect.gen(function* () {
    const hub = yield* ResilienceEvent.ResilienceEvents
    // Three days, two hours and one hour ago.
    for (const [at, hours] of [72, 2, 1].entries()) {
      for (const event of answered(at + 1, now - hours * hour)) hub.publish(event)
    }
    yield* Effect.flatMap(OperationLog.OperationLog, ({ flush }) => flush)
  }).pipe(
    Effect.provide(
      OperationLogFile.layer({ path, prices: { "large-2": { input: 1, output: 10 } } }).pipe(
        Layer.provideMerge(ResilienceEvent.layer())
      )
    ),
    Effect.runPromise
  )

describe("effect-resilience stats", { timeout: 120_000, concurrent: true }, () => {
  let folder: Awaited<ReturnType<typeof files>>
  let log: string
  beforeAll(async () => {
    folder = await files()
    log = folder.path()
    await written(log)
  })
  afterAll(() => folder.stop())

  const stats = (...args: ReadonlyArray<string>): Promise<Ended> =>
    run("cli", ["stats", ...args], { env: { NO_COLOR: undefined, FORCE_COLOR: undefined } })

  it("--json is one object of plain numbers, and nothing beside it", async ({ expect }) => {
    const { code, stderr, stdout } = await stats("--json", log)
    expect([code, stderr]).toEqual([0, ""])
    const retries = {
      calls: 3,
      attempts: 6,
      averageRetries: 1,
      maxRetries: 1,
      retried: 3,
      rescued: 3,
      waited: 1_500
    }
    expect(JSON.parse(stdout)).toEqual({
      file: log,
      summary: expect.objectContaining({
        from: now - 72 * hour - 1_000,
        to: now - hour,
        calls: 3,
        succeeded: 3,
        attempts: 6,
        retries: 3
      }),
      retriesByProvider: [{ name: "acme", ...retries }],
      retriesByTarget: [{ name: "acme/large", ...retries }],
      failures: expect.any(Array),
      openings: [],
      slowest: [
        { target: "acme/large", answers: 3, p50: 250, p95: 250, max: 250, firstTokenP50: null, firstTokenP95: null }
      ],
      usage: expect.arrayContaining([
        expect.objectContaining({ model: "large-2", inputTokens: 3_000, outputTokens: 300, cost: 0.006, unknown: 0 })
      ]),
      answeredByOthers: []
    })
  })

  it("--since is so long ago, and --every what failures are counted by", async ({ expect }) => {
    const { code, stdout } = await stats("--json", "--since", "24h", "--every", "1h", log)
    const { failures, since, summary } = JSON.parse(stdout)
    expect(code).toBe(0)
    expect(Math.abs(Date.now() - 24 * hour - since)).toBeLessThan(120_000)
    expect(summary).toMatchObject({ calls: 2, attempts: 4 })
    expect(failures).toEqual(
      [3, 2].map((hours) => ({
        from: now - hours * hour,
        target: "acme/large",
        tag: "RateLimited",
        attempts: 1,
        calls: 0
      }))
    )
  })

  it("are tables in plain lines where there is no terminal, and --since and --until dates too", async ({ expect }) => {
    const at = (hours: number) => new Date(now - hours * hour).toISOString()
    const { code, stdout } = await stats("--since", at(73), "--until", at(1), log)
    expect(code).toBe(0)
    expect(stdout.split("\n")[0]).toBe(`${log}, since ${at(73)}`)
    expect(stdout).toContain("2 answers were asked for, with 2 calls: 2 answered, 0 failed, 0 interrupted")
    expect(stdout).toMatch(/\n {2}acme +2 +4 +1\.00 +1 +2 of 2 +1\.0 s\n/)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that there are none is the point
    expect(stdout).not.toMatch(/\u001b/)
  })

  it("a file that is missing is told beside the output, with exit code 1", async ({ expect }) => {
    expect(await stats("--json", folder.path())).toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringContaining("There is no such file")
    })
  })

  it("a time that is none is told, with exit code 2", async ({ expect }) => {
    const { code, output } = await stats("--since", "soon", log)
    expect(code).toBe(2)
    expect(output).toContain("--since is soon; allowed are times such as 24h")
    const backwards = await stats("--since", "1h", "--until", "2h", log)
    expect(backwards.code).toBe(2)
    expect(backwards.output).toContain("--until is earlier than --since")
  })
})
