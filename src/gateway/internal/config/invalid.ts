/**
 * What is told of a configuration that cannot be.
 *
 * @internal
 */
import * as Schema from "effect/Schema"
import { sentenceOf } from "../../../internal/options/mistakes.js"

/**
 * A configuration that cannot be. Each mistake has its path, what is wrong with what is there, and what is allowed. No
 * value of an environment variable is among them.
 *
 * @since 0.1.0
 * @category Errors
 */
export class InvalidConfig extends Schema.TaggedError<InvalidConfig>("effect-resilience/gateway/InvalidConfig")(
  "InvalidConfig",
  { mistakes: Schema.Array(Schema.Struct({ path: Schema.String, message: Schema.String })) }
) {
  override get message(): string {
    return this.mistakes.map(sentenceOf).join("\n")
  }
}
