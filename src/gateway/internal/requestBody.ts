/**
 * What the gateway has to know of a request's body, and the body as each target gets it.
 *
 * @internal
 */
import { type Member, membersOf, NotJson, valueOf } from "./topLevel.js"

/** @internal */
export interface RequestBody {
  readonly bytes: Buffer
  readonly model: string
  readonly stream: boolean
  /** The models to turn to that the request names itself. They are no part of what is passed on. */
  readonly fallbacks: ReadonlyArray<string>
  /** The same body for another model: byte for byte but for the model's name. */
  readonly withModel: (model: string) => Buffer
}

/** Fails by throwing `NotJson`, which says what is wrong. @internal */
export const requestBody = (bytes: Buffer): RequestBody => {
  const members = membersOf(bytes)
  const model = only(members, "model")
  const name = model && valueOf(bytes, model)
  if (model === undefined || typeof name !== "string" || name === "") {
    throw new NotJson('"model" is missing, and has to be the name of a model')
  }
  const streams = only(members, "stream")
  const stream = streams && valueOf(bytes, streams)
  if (stream !== undefined && stream !== null && typeof stream !== "boolean") {
    throw new NotJson('"stream" has to be true or false')
  }
  const others = only(members, "fallbacks")
  const own = others === undefined ? bytes : without(bytes, others)
  const at = others === undefined ? model : (only(membersOf(own), "model") as Member)
  return {
    bytes: own,
    model: name,
    stream: stream === true,
    fallbacks: others === undefined ? [] : names(valueOf(bytes, others)),
    withModel: (other) =>
      other === name
        ? own
        : Buffer.concat([own.subarray(0, at.start), Buffer.from(JSON.stringify(other)), own.subarray(at.end)])
  }
}

/** Of two members of one name, readers of JSON see one or the other: whom the body asks would depend on who reads it. */
const only = (members: ReadonlyArray<Member>, name: string): Member | undefined => {
  const [first, second] = members.filter((member) => member.name === name)
  if (second !== undefined) throw new NotJson(`"${name}" is there more than once`)
  return first
}

const names = (value: unknown): ReadonlyArray<string> => {
  if (value === null) return []
  if (!Array.isArray(value) || !value.every((name) => typeof name === "string")) {
    throw new NotJson('"fallbacks" has to be a list of names of models')
  }
  return value
}

/** The body without one of its members, and without the comma that parted it from the others. */
const without = (bytes: Buffer, { end, from }: Member): Buffer => {
  const comma = 0x2c
  let after = end
  while (isWhite(bytes[after])) after++
  if (bytes[after] === comma) return Buffer.concat([bytes.subarray(0, from), bytes.subarray(after + 1)])
  let before = from - 1
  while (isWhite(bytes[before])) before--
  return Buffer.concat([bytes.subarray(0, bytes[before] === comma ? before : from), bytes.subarray(end)])
}

const isWhite = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
