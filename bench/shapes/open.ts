import { Effect } from "effect"
import { awaited, inFiber } from "../loop.js"
import { measure } from "../measure.js"
import * as cockatiel from "../peers/cockatiel.js"
import * as opossum from "../peers/opossum.js"
import * as plain from "../peers/plainEffect.js"
import { answers, fails } from "../upstream.js"
import type { Shape } from "./shape.js"

export const open: Shape = {
  title: "An open circuit rejects",
  about: "The rejection is caught by the caller.",
  unit: "time",
  run: async (effort) => {
    const ofCockatiel = cockatiel.breaker()
    ofCockatiel.isolate()
    const ofOpossum = opossum.breaker(answers)
    ofOpossum.open()
    const ofEffect = plain.breaker(1)
    await Effect.runPromise(Effect.ignore(ofEffect(plain.bareWithoutSignal(fails))))
    const nothing = (): void => {}
    const measured = await measure(
      [
        { name: "cockatiel", batch: awaited(() => ofCockatiel.execute(answers).catch(nothing)) },
        { name: "opossum", batch: awaited(() => ofOpossum.fire().catch(nothing)) },
        {
          name: "plain Effect, a shared error",
          batch: inFiber(Effect.ignore(ofEffect(plain.bareWithoutSignal(answers))))
        }
      ],
      2_000,
      effort
    )
    ofOpossum.shutdown()
    return measured
  }
}
