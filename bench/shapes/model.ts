import { Layer, ManagedRuntime } from "effect"
import { Resilience } from "effect-resilience"
import * as ResilientLanguageModel from "effect-resilience/ai/ResilientLanguageModel"
import { awaited, inRuntime } from "../loop.js"
import { measure } from "../measure.js"
import * as aiSdk from "../peers/aiSdk.js"
import * as effectAi from "../peers/effectAi.js"
import type { Shape } from "./shape.js"

export const model: Shape = {
  title: "generateText over a model that answers at once",
  about: "Each library's own mock model.",
  unit: "time",
  run: async (effort) => {
    const bare = ManagedRuntime.make(effectAi.model)
    const resilient = ManagedRuntime.make(
      ResilientLanguageModel.layer({ targets: [{ name: "acme/large", model: effectAi.model }] }).pipe(
        Layer.provide(Resilience.layer())
      )
    )
    const measured = await measure(
      [
        { name: "bare: LanguageModel of @effect/ai", batch: inRuntime(bare)(effectAi.generate) },
        { name: "ResilientLanguageModel: the defaults", batch: inRuntime(resilient)(effectAi.generate) },
        { name: "Vercel AI SDK: generateText, default retries", batch: awaited(aiSdk.generate) }
      ],
      300,
      effort
    )
    await Promise.all([bare.dispose(), resilient.dispose()])
    return measured
  }
}
