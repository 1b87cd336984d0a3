import { expect, it } from "@effect/vitest"
import { FastCheck as fc } from "effect"
import { requestBody } from "../../src/gateway/internal/requestBody.js"
import { membersOf, valueOf } from "../../src/gateway/internal/topLevel.js"

const json = fc.dictionary(fc.string(), fc.jsonValue()).filter((value) => !Object.hasOwn(value, "__proto__"))

it("the members of any object are those that JSON.parse finds, however it is written", () => {
  fc.assert(
    fc.property(json, fc.constantFrom(undefined, 2, "\t"), (value, space) => {
      const bytes = Buffer.from(JSON.stringify(value, null, space))
      const found = Object.fromEntries(membersOf(bytes).map((member) => [member.name, valueOf(bytes, member)]))
      expect(found).toEqual(JSON.parse(bytes.toString()))
    })
  )
})

it("what is cut anywhere is no JSON", () => {
  fc.assert(
    fc.property(json, fc.nat(), (value, at) => {
      const text = Buffer.from(JSON.stringify(value))
      expect(() => membersOf(text.subarray(0, at % text.length))).toThrow("JSON")
    })
  )
})

it("another model's name takes the place of the first, and every other byte stays", () => {
  const text =
    '{ "n" : 1.0, "id":12345678901234567890,"mod\\u0065l" :"a\\"b" , "messages": [{"model":"x"}], "é": "{\\"" }'
  const body = requestBody(Buffer.from(text))
  expect(body.model).toBe('a"b')
  expect(body.withModel("gpt").toString()).toBe(text.replace('"a\\"b"', '"gpt"'))
  expect(body.withModel('a"b').toString()).toBe(text)
})

it("the request's own fallbacks are read and not passed on, wherever they stand", () => {
  for (const text of [
    '{"fallbacks":["b","c"],"model":"a","x":1}',
    '{"model":"a","fallbacks":["b","c"],"x":1}',
    '{"model":"a","x":1 , "fallbacks" : ["b","c"] }',
    '{"fallbacks":["b","c"],"model":"a"}'
  ]) {
    const body = requestBody(Buffer.from(text))
    expect(body.fallbacks).toEqual(["b", "c"])
    const { fallbacks: _, ...rest } = JSON.parse(text)
    expect(JSON.parse(body.bytes.toString())).toEqual(rest)
    expect(JSON.parse(body.withModel("long-name").toString())).toEqual({ ...rest, model: "long-name" })
  }
})

it.each([
  ["", "JSON"],
  ["[]", "JSON"],
  ["{} {}", "JSON"],
  ['{"model":}', "JSON"],
  ['{"model":nope}', "JSON"],
  ["{}", '"model" is missing'],
  ['{"model":1}', '"model" is missing'],
  ['{"model":"a","model":"b"}', "more than once"],
  ['{"model":"a","stream":"yes"}', "true or false"],
  ['{"model":"a","fallbacks":"b"}', "list of names"],
  ['{"model":"a","x":[}]}', "JSON"]
])("%s is refused", (text, because) => {
  expect(() => requestBody(Buffer.from(text))).toThrow(because)
})
