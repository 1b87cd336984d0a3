/**
 * A call through a limit, where somebody else tells what it has used.
 *
 * @internal
 */
import type * as Effect from "effect/Effect"
import * as Gate from "../admission/gate.js"
import type { Usage } from "../errors/llmError.js"
import { alone } from "./around.js"
import type { Rate } from "./makeRate.js"
import { Gated, type Operators } from "./operators.js"
import type { Rejected } from "./rateGate.js"

/** Who tells is asked when the call is over, however it ends. @internal */
export const metered = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  policy: Operators<Rejected>,
  key: string,
  used: () => Usage | undefined
): Effect.Effect<A, E | Rejected, R> =>
  Gate.effect(self, (policy as unknown as { readonly [Gated]: Rate["gateOf"] })[Gated](key, alone, used))
