/**
 * What a request needs of a target, as its body shows without being read.
 *
 * @internal
 */
import type { RequestBody } from "./requestBody.js"

/** Within a text these words would have a backslash before each quotation mark. */
const marks: ReadonlyArray<readonly [need: string, marks: ReadonlyArray<string>]> = [
  ["tools", ['"tools"', '"functions"']],
  ["images", ['"image_url"', '"input_image"', '"image"']],
  ["structuredOutput", ['"json_schema"', '"json_object"', '"output_config"']]
]

/** @internal */
export const needsOf = ({ bytes }: RequestBody): ReadonlyArray<string> =>
  marks.filter(([, words]) => words.some((word) => bytes.includes(word))).map(([need]) => need)
