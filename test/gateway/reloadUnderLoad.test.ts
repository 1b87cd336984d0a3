/**
 * A gateway that is told to read its configuration again while it is asked all the time.
 */
import { expect, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import * as MisbehavingProvider from "effect-resilience/testing/MisbehavingProvider"
import { Script, Step } from "effect-resilience/testing/MisbehavingProvider"
import { type Api, apis } from "./apis.js"
import { configOf, post } from "./asking.js"
import { startGateway } from "./process.js"

const [chat] = apis as [Api]

it.scopedLive(
  "W6: a signal and a change of the file drop no request and no stream, and the new routes are there at once",
  () =>
    Effect.gen(function* () {
      const provider = yield* MisbehavingProvider.make({
        script: Script.always(Step.answer({ delay: "20 millis", betweenChunks: "20 millis" }))
      })
      const routesOf = (models: ReadonlyArray<string>) =>
        models.map((model) => ({ model, targets: [{ upstream: "openai" }] })) as never
      const config = configOf(provider, { routes: routesOf(["main"]), policy: {} })
      const gateway = yield* startGateway({ config })
      const ask = (model: string, stream: boolean) =>
        Effect.flatMap(post(`${gateway.url}${chat.path}`, { model, ...chat.ask(stream) }), (response) =>
          Effect.map(
            Effect.promise(() => response.text()),
            (body) => ({ status: response.status, model: chat.read(body, stream).model })
          )
        )
      let over = false
      const caller = (stream: boolean) =>
        Effect.gen(function* () {
          const answers: Array<unknown> = []
          while (!over) answers.push(yield* ask("main", stream))
          return answers
        })
      const load = yield* Effect.fork(
        Effect.forEach(
          Array.from({ length: 16 }, (_, at) => at % 2 === 0),
          caller,
          { concurrency: "unbounded" }
        )
      )
      yield* provider.awaitAttempts(16)
      for (const [round, how] of ["signal", "file", "signal", "file"].entries()) {
        const before = gateway.output().split("is in force").length
        gateway.write({ ...config, routes: routesOf(["main", `new-${round}`]) })
        if (how === "signal") gateway.kill("SIGHUP")
        yield* Effect.repeat(
          Effect.delay(
            Effect.sync(() => gateway.output().split("is in force").length),
            "20 millis"
          ),
          { until: (said) => said > before }
        )
        expect(yield* ask(`new-${round}`, false)).toEqual({ status: 200, model: `new-${round}` })
      }
      over = true
      const answers = (yield* Fiber.join(load)).flat()
      expect(answers.length).toBeGreaterThan(32)
      expect(answers.filter((answer) => JSON.stringify(answer) !== '{"status":200,"model":"main"}')).toEqual([])
      const seen = yield* provider.awaitSettled
      expect(seen.filter(({ clientLeft }) => clientLeft)).toEqual([])
    }),
  40_000
)
