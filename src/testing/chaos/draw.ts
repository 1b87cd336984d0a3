/**
 * Which faults a call meets. The same seed, target and number of the call give the same ones, whatever happens beside it.
 */
import * as Duration from "effect/Duration"
import * as Hash from "effect/Hash"
import * as Predicate from "effect/Predicate"
import { PCGRandom } from "effect/Utils"
import { finiteMillis, invalid, list, number } from "../../internal/options/check.js"
import { refuseUnknown } from "../../internal/options/names.js"
import type { Fault, Rule } from "./faults.js"

/** @internal */
export interface Checked {
  readonly fault: Fault
  readonly rate: number
  readonly from: number
  readonly to: number
  readonly targets: ReadonlySet<string> | undefined
}

const names = { fault: true, rate: true, from: true, to: true, targets: true } as const

/** @internal */
export const checked = (rules: ReadonlyArray<Rule>): ReadonlyArray<Checked> => {
  if (!Array.isArray(rules)) throw invalid("Chaos", "rules", rules, "a list of rules")
  return rules.map((rule: Rule, i) => {
    const field = `rules[${i}]`
    refuseUnknown("Chaos", field, rule, names)
    const { fault, from = 0, rate = 1, targets, to } = rule
    if (typeof fault?._tag !== "string") {
      throw invalid("Chaos", `${field}.fault`, fault, "a fault, such as Chaos.stall")
    }
    if (targets !== undefined)
      list("Chaos", `${field}.targets`, targets, Predicate.isString, "a list of targets' names")
    const begin = finiteMillis("Chaos", `${field}.from`, from)
    const end = to === undefined ? Number.POSITIVE_INFINITY : finiteMillis("Chaos", `${field}.to`, to)
    if (end <= begin) throw invalid("Chaos", `${field}.to`, to, "later than from")
    return {
      fault,
      rate: number("Chaos", `${field}.rate`, rate, 0, 1),
      from: begin,
      to: end,
      targets: targets && new Set(targets)
    }
  })
}

/** What happens to one call: a wait, and then perhaps something worse. @internal */
export interface Plan {
  readonly wait: number
  readonly fault: Exclude<Fault, { readonly _tag: "Delay" }> | undefined
}

/** @internal */
export const draw = (
  rules: ReadonlyArray<Checked>,
  about: { readonly seed: string | number; readonly target: string; readonly call: number; readonly elapsed: number }
): Plan => {
  const random = new PCGRandom(Hash.string(`${about.seed}/${about.target}/${about.call}`))
  let wait = 0
  let fault: Plan["fault"]
  for (const rule of rules) {
    // Drawn for every rule, so that one that does not apply now moves none of the others.
    const hit = random.number() < rule.rate
    const share = random.number()
    const applies = about.elapsed >= rule.from && about.elapsed < rule.to && (rule.targets?.has(about.target) ?? true)
    if (!hit || !applies) continue
    if (rule.fault._tag !== "Delay") fault ??= rule.fault
    else {
      const [from, to] = [Duration.toMillis(rule.fault.from), Duration.toMillis(rule.fault.to)]
      wait += from + share * (to - from)
    }
  }
  return { wait, fault }
}
