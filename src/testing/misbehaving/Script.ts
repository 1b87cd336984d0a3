/**
 * Which step each call gets: one after the other, or drawn by chance from a seed.
 */
import * as Schema from "effect/Schema"
import * as Step from "./Step.js"

const InOrder = Schema.TaggedStruct("InOrder", {
  steps: Schema.NonEmptyArray(Step.Step).annotations({ description: "a list of at least one step" }),
  afterwards: Schema.Literal("answer", "repeatLast")
})

const Mix = Schema.TaggedStruct("Mix", {
  seed: Schema.Union(Schema.String, Schema.Number),
  faults: Schema.NonEmptyArray(
    Schema.Struct({
      weight: Schema.Number.pipe(Schema.positive(), Schema.finite()).annotations({ description: "a number above 0" }),
      step: Step.Step
    })
  )
})

/**
 * A script as plain data.
 *
 * @since 0.1.0
 * @category Models
 */
export const Script = Schema.Union(InOrder, Mix).annotations({ description: "a script, such as Script.always(step)" })

/**
 * @since 0.1.0
 * @category Models
 */
export type Script = typeof Script.Type

/**
 * One step for each call, in the order in which the calls arrive. `afterwards` says what follows the last of them: right
 * answers, or the last step again and again.
 *
 * @since 0.1.0
 * @category Constructors
 */
export const inOrder = (
  steps: readonly [Step.Step, ...ReadonlyArray<Step.Step>],
  options: { readonly afterwards: "answer" | "repeatLast" }
): Script => ({ _tag: "InOrder", steps, afterwards: options.afterwards })

/**
 * The same step for every call.
 *
 * @since 0.1.0
 * @category Constructors
 */
export const always = (step: Step.Step): Script => inOrder([step], { afterwards: "repeatLast" })

/**
 * For each call one of the steps, drawn by weight. Put `Step.answer()` among them for the share that goes well. The
 * same seed draws the same steps in the same order of arrival.
 *
 * @since 0.1.0
 * @category Constructors
 */
export const mix = (options: {
  readonly seed: string | number
  readonly faults: readonly [Weighted, ...ReadonlyArray<Weighted>]
}): Script => ({ _tag: "Mix", ...options })

interface Weighted {
  readonly weight: number
  readonly step: Step.Step
}
