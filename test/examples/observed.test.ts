import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { collector } from "../otlp.js"
import { run } from "../program.js"

/** The value of a series in Prometheus' text. */
const valueIn = (text: string, series: string): number =>
  Number(
    text
      .split("\n")
      .find((line) => line.startsWith(`${series} `))
      ?.split(" ")
      .at(-1)
  )

describe("examples/observed", { timeout: 120_000 }, () => {
  it("is scraped by Prometheus, and sends metrics, spans and lines to a collector", () =>
    Effect.gen(function* () {
      const otlp = yield* collector
      const has = (event: string) => otlp.logs().some(({ attributes }) => attributes["llm.event"] === event)
      let scraped: Promise<string> | undefined
      const ended = yield* Effect.promise(() =>
        run("observed", [], {
          env: { METRICS_PORT: "0", OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url },
          onOutput: (output, child) => {
            const port = /Listening on http:\/\/[^\s:]+:(\d+)/.exec(output)?.[1]
            if (port === undefined || scraped !== undefined) return
            scraped = answers(`http://127.0.0.1:${port}/metrics`)
            // The exporter gives up what is on its way when the program ends; only what it has not begun to send it sends then.
            void until(() => has("RetryScheduled") && has("CallSucceeded"), scraped).finally(() =>
              child.kill("SIGTERM")
            )
          }
        })
      )
      expect(ended.output).toContain("Listening on")
      const text = (yield* Effect.promise(async () => scraped)) ?? ""
      expect(valueIn(text, 'llm_calls_total{outcome="success",target="acme/large"}')).toBeGreaterThan(0)
      expect(text).toContain("# TYPE gen_ai_client_operation_duration_seconds histogram")

      // What it had not sent yet it has sent at its end.
      const [calls] = otlp.points("llm_calls_total")
      expect(calls).toMatchObject({ attributes: { target: "acme/large", outcome: "success" } })
      const spans = otlp.spans()
      const around = spans.filter(({ name }) => name === "answer")
      const [failed, answered] = spans.filter(({ name }) => name === "llm.attempt")
      expect(new Set([failed?.parentSpanId, answered?.parentSpanId])).toEqual(new Set([around[0]?.spanId]))
      expect(failed?.attributes).toMatchObject({ "llm.target": "acme/large", "error.type": "Overloaded" })
      expect(answered?.attributes).toMatchObject({ "gen_ai.provider.name": "acme", "gen_ai.response.model": "large" })
      const lines = otlp.logs().map(({ attributes, severity }) => [severity, attributes["llm.event"]])
      expect(lines).toContainEqual(["WARN", "RetryScheduled"])
      expect(lines).toContainEqual(["INFO", "CallSucceeded"])
    }).pipe(Effect.scoped, Effect.runPromise))
})

/** After the first, once it holds, or after ten seconds. */
const until = async (holds: () => boolean, first: Promise<unknown>): Promise<void> => {
  await first
  for (let i = 0; i < 200 && !holds(); i++) await new Promise((resolve) => setTimeout(resolve, 50))
}

/** Once a call has been counted. */
const answers = async (url: string): Promise<string> => {
  for (let i = 0; ; i++) {
    const text = await (await fetch(url)).text()
    if (text.includes("llm_calls_total{") || i > 200) return text
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
