import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Memory } from "./memory.js"
import type { Policy } from "./policy.js"
import type { Input } from "./state.js"
import { Immediate, type Look, Peek } from "./synchronousStore.js"
import type { Store } from "./types.js"

/** @internal */
export const fromMemory = (memory: Memory): Store => {
  const apply = (key: string, policy: Policy, input: Input, now: number) => memory.apply(key, policy, input, now)
  const applyNow = (key: string, policy: Policy, input: Input) =>
    Effect.map(Clock.currentTimeMillis, (now) => apply(key, policy, input, now))
  const store: Store & { readonly [Immediate]: typeof apply; readonly [Peek]: Look } = {
    admit: (key, policy) => applyNow(key, policy, { _tag: "Admit" }),
    record: applyNow,
    amend: applyNow,
    state: (key) => Effect.sync(() => memory.get(key)),
    all: Effect.sync(() => memory.all),
    [Immediate]: apply,
    [Peek]: (key) => memory.get(key)
  }
  return store
}
