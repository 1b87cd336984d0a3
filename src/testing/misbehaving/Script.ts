/**
 * Which step each call gets: one after the other, drawn by chance from a seed, by the time, or by what is asked.
 */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import * as Step from "./Step.js"

/**
 * One script or another, by a part of the prompt.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Case {
  /** A text that the prompt holds, or a pattern that it matches. */
  readonly prompt: string | RegExp
  readonly script: Script
}

/**
 * A script for a part of the time, counted from the moment at which the script began: from `from` on, and before `to`.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Window {
  readonly from: Duration.DurationInput
  readonly to: Duration.DurationInput
  readonly script: Script
}

/** @internal */
export interface Weighted {
  readonly weight: number
  readonly step: Step.Step
}

type Some<A> = readonly [A, ...ReadonlyArray<A>]

/**
 * A script as plain data.
 *
 * @since 0.1.0
 * @category Models
 */
export type Script =
  | { readonly _tag: "InOrder"; readonly steps: Some<Step.Step>; readonly afterwards: "answer" | "repeatLast" }
  | { readonly _tag: "Mix"; readonly seed: string | number; readonly faults: Some<Weighted> }
  | { readonly _tag: "During"; readonly windows: Some<Window>; readonly otherwise?: Script | undefined }
  | { readonly _tag: "When"; readonly cases: Some<Case>; readonly otherwise?: Script | undefined }

const script = Schema.suspend((): Schema.Schema<Script> => Script)
const otherwise = Schema.optional(script)

/**
 * A script as plain data.
 *
 * @since 0.1.0
 * @category Models
 */
export const Script: Schema.Schema<Script> = Schema.Union(
  Schema.TaggedStruct("InOrder", {
    steps: Schema.NonEmptyArray(Step.Step).annotations({ description: "a list of at least one step" }),
    afterwards: Schema.Literal("answer", "repeatLast")
  }),
  Schema.TaggedStruct("Mix", {
    seed: Schema.Union(Schema.String, Schema.Number),
    faults: Schema.NonEmptyArray(
      Schema.Struct({
        weight: Schema.Number.pipe(Schema.positive(), Schema.finite()).annotations({ description: "a number above 0" }),
        step: Step.Step
      })
    ).annotations({ description: "a list of at least one fault" })
  }),
  Schema.TaggedStruct("During", {
    windows: Schema.NonEmptyArray(
      Schema.Struct({ from: Step.Time, to: Step.Time, script }).pipe(
        Schema.filter(({ from, to }) => Duration.lessThan(from, to), {
          description: "a window whose `to` is later than its `from`"
        })
      )
    ),
    otherwise
  }),
  Schema.TaggedStruct("When", {
    cases: Schema.NonEmptyArray(
      Schema.Struct({
        prompt: Schema.Union(Schema.String, Schema.instanceOf(RegExp)).annotations({
          description: "a text or a regular expression"
        }),
        script
      })
    ),
    otherwise
  })
).annotations({ description: "a script, such as Script.always(step)" })

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

/**
 * Scripts by the time at which a call arrives, counted from the moment at which this one began: an outage from minute 3
 * to minute 5. The first window that is open decides; outside of all of them it is `otherwise`, by default right answers.
 *
 * @since 0.1.0
 * @category Constructors
 */
export const during = (windows: readonly [Window, ...ReadonlyArray<Window>], otherwise?: Script): Script => ({
  _tag: "During",
  windows,
  otherwise
})

/**
 * Scripts by what is asked: that of the first case whose text or pattern is found in the last message of the prompt, or
 * `otherwise`, by default right answers. Each counts the calls that are its own.
 *
 * @since 0.1.0
 * @category Constructors
 */
export const when = (cases: readonly [Case, ...ReadonlyArray<Case>], otherwise?: Script): Script => ({
  _tag: "When",
  cases,
  otherwise
})
