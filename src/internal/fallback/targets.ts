/**
 * The targets of a call, checked.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import * as Stream from "effect/Stream"
import { invalid, list } from "../options/check.js"
import type { Named } from "./nextTarget.js"

/** What a target is made of, and how one tells: an effect, a stream, a layer. @internal */
export interface Part {
  readonly field: string
  readonly is: (value: unknown) => boolean
  readonly a: string
}

/** @internal */
export const anEffect: Part = { field: "run", is: Effect.isEffect, a: "an effect" }

/** @internal */
export const aStream: Part = { field: "run", is: Predicate.hasProperty(Stream.StreamTypeId), a: "a stream" }

/** @internal */
export const aLayer = (field: string): Part => ({ field, is: Layer.isLayer, a: "a layer" })

/** @internal */
export const checkTargets = (where: string, targets: ReadonlyArray<Named>, part: Part): void => {
  if (!Array.isArray(targets)) throw invalid(where, "targets", targets, "a list of targets")
  if (targets.length === 0) throw invalid(where, "targets", targets, "a list of at least one target")
  targets.forEach((target, index) => {
    if (!Predicate.hasProperty(target, "name") || typeof target.name !== "string") {
      throw invalid(where, `targets[${index}]`, target, `a target: a name, and its ${part.field}`)
    }
    checkTarget(where, target as Named, part)
    const first = targets.findIndex(({ name }) => name === target.name)
    if (first === index) return
    throw invalid(where, `the name of targets ${first} and ${index}`, target.name, "another for each target")
  })
}

const checkTarget = (where: string, target: Named, { a, field, is }: Part): void => {
  const { capabilities, contextWindow, name } = target
  const made: unknown = Predicate.hasProperty(target, field) ? target[field] : undefined
  if (!is(made)) throw invalid(where, `the ${field} of "${name}"`, made, a)
  if (contextWindow !== undefined && !(typeof contextWindow === "number" && contextWindow > 0)) {
    throw invalid(where, `the contextWindow of "${name}"`, contextWindow, "a number of tokens above 0")
  }
  if (capabilities === undefined) return
  list(where, `the capabilities of "${name}"`, capabilities, Predicate.isString, "a list of names")
}
