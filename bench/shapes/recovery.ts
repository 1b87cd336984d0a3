import { Schedule } from "effect"
import { awaited, inFiber, inRuntime } from "../loop.js"
import { measure } from "../measure.js"
import * as byHand from "../peers/byHand.js"
import * as cockatiel from "../peers/cockatiel.js"
import * as plain from "../peers/plainEffect.js"
import * as pRetry from "../peers/pRetry.js"
import * as ours from "../peers/resilience.js"
import { recovers } from "../upstream.js"
import type { Shape } from "./shape.js"

export const recovery: Shape = {
  title: "One failure, then success, without a wait",
  about: "An async function that throws at every other call, behind a retry without delay.",
  unit: "time",
  newest: true,
  run: async (effort) => {
    const [hand, ofCockatiel, ofPRetry, ofEffect, ofOurs] = [recovers(), recovers(), recovers(), recovers(), recovers()]
    const policy = cockatiel.retriesAtOnce()
    const runtime = ours.runtime({ retry: Schedule.recurs(2) })
    const measured = await measure(
      [
        { name: "by hand", batch: awaited(() => byHand.retry(hand)) },
        { name: "cockatiel", batch: awaited(() => policy.execute(ofCockatiel)), share: 0.1 },
        { name: "p-retry", batch: awaited(() => pRetry.retriesAtOnce(ofPRetry)), share: 0.05 },
        { name: "Effect.retry", batch: inFiber(plain.retriesAtOnce(plain.bareWithoutSignal(ofEffect))) },
        { name: "effect-resilience", batch: inRuntime(runtime)(ours.protect(ours.call(ofOurs))) }
      ],
      1_000,
      effort
    )
    await runtime.dispose()
    return measured
  }
}
