/**
 * What can be wrong with a recording.
 */
import * as Schema from "effect/Schema"
import { Failure } from "../../internal/errors/errorClass.js"

/**
 * The file cannot be read, or is no recording.
 *
 * @since 0.1.0
 * @category Errors
 */
export class UnreadableRecording extends Failure<UnreadableRecording>()("UnreadableRecording", {
  file: Schema.String,
  reason: Schema.String
}) {
  override get message(): string {
    return `The recording ${this.file} cannot be read: ${this.reason}`
  }
}

/**
 * Something in the recording looks like a secret, so it was not written. `where` is the place; the secret itself is not
 * told.
 *
 * @since 0.1.0
 * @category Errors
 */
export class SecretInRecording extends Failure<SecretInRecording>()("SecretInRecording", {
  file: Schema.String,
  /** The place of the exchange in the recording, from 1. */
  exchange: Schema.Int,
  where: Schema.String,
  /** What stands before it. */
  after: Schema.String
}) {
  override get message(): string {
    return (
      `The recording ${this.file} was not written: ${this.where} of exchange ${this.exchange} has something that looks ` +
      `like a secret after ${JSON.stringify(this.after)}. Name it in \`secrets\` to remove it, or in \`allow\` if it is none.`
    )
  }
}

/**
 * A request was not recorded. The message tells the nearest one that was, and what differs.
 *
 * @since 0.1.0
 * @category Errors
 */
export class UnrecordedRequest extends Failure<UnrecordedRequest>()("UnrecordedRequest", {
  file: Schema.String,
  message: Schema.String
}) {}
