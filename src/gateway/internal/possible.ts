/**
 * Policies that are each well written and cannot be together, such as a longest wait below the first one: a mistake of whoever
 * wrote them, who may have written the half of it in the environment or at an upstream.
 *
 * @internal
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { compile } from "../../internal/call/compileTarget.js"
import { mergeOptions } from "../../internal/call/mergeOptions.js"
import { pathOf } from "../../internal/options/mistakes.js"
import * as Resilience from "../../Resilience.js"
import { InvalidConfig } from "./config/invalid.js"
import type { Config } from "./config/schema.js"
import { policyOf } from "./policies.js"
import { nameOf } from "./routes.js"

type Targets = Readonly<Record<string, Resilience.TargetOptions>>

/** The policies of all targets, and of all routes within them. @internal */
export const resilienceOf = (
  { routes }: Config,
  general: Resilience.TargetOptions,
  targets: Targets
): Effect.Effect<Context.Tag.Service<Resilience.Resilience>, InvalidConfig, Scope.Scope> =>
  Effect.gen(function* () {
    const resilience = yield* orMistake("policy", Resilience.make({ ...general, targets }))
    for (const [at, route] of routes.entries()) {
      const { fallbackOn: _, patience: __, ...own } = route.policy ?? {}
      for (const target of route.targets) {
        const options = mergeOptions(mergeOptions(general, targets[nameOf(route, target)] ?? {}), policyOf(own))
        yield* orMistake(
          pathOf(["routes", at, "policy"]),
          Effect.sync(() => compile(options))
        )
      }
    }
    return resilience
  })

const orMistake = <A, R>(path: string, self: Effect.Effect<A, never, R>): Effect.Effect<A, InvalidConfig, R> =>
  Effect.catchSomeDefect(self, (refusal) =>
    refusal instanceof RangeError
      ? Option.some(new InvalidConfig({ mistakes: [{ path, message: `cannot be: ${refusal.message}` }] }))
      : Option.none()
  )
