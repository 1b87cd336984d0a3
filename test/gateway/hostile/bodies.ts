/**
 * What is wrong with a body that has come whole.
 */
import { type Hostile, one } from "./hostile.js"
import { chat, chunk, chunked, messages, nested, plain, post, withMember } from "./written.js"

export const bodies: ReadonlyArray<Hostile> = [
  ...["", " ", "null", "1", '"main"', "[]", "{", "{}", "{'model':'main'}", "model=main&stream=true"].map((body) =>
    one(`the body ${JSON.stringify(body)}`, 400, post(body))
  ),
  one("a list of it", 400, post(`[${plain}]`)),
  one("two bodies", 400, post(plain + plain)),
  one("a brace too many", 400, post(`${plain}}`)),
  one("a comma too many", 400, post(`${plain.slice(0, -1)},}`)),
  one("a comment", 400, post(`//\n${plain}`)),
  one(
    "a body of a form",
    400,
    post(
      `--x\r\ncontent-disposition: form-data; name="model"\r\n\r\nmain\r\n--x--`,
      chat,
      "content-type: multipart/form-data; boundary=x"
    )
  ),
  one("a body of UTF-16", 400, post(Buffer.from(`\ufeff${plain}`, "utf16le").toString("latin1"))),
  one("a body that is compressed and does not say so", 400, post("\x1f\x8b\x08\0\0\0\0\0")),
  one("a byte order mark", 400, post(`\xef\xbb\xbf${plain}`)),
  one("bytes that are no UTF-8", 200, post(plain.replace("Hello", "\xff\xfe\xc0\x80"))),
  one("half of a pair", 200, post(plain.replace("Hello", "\\ud800"))),
  one("too large a body", 413, post(withMember(`"more":"${"x".repeat(100_000)}"`), messages), { dialect: "anthropic" }),
  one("too large chunks", 413, chunked() + chunk(withMember(`"more":"${"x".repeat(100_000)}"`)) + chunk("")),
  one("forty thousand lists in one another", 200, post(withMember(`"more":${nested(40_000)}`))),
  one("brackets that do not match", 400, post(withMember(`"more":${"[{".repeat(20_000)}`))),
  one("many members", 200, post(withMember(Array.from({ length: 9_000 }, (_, at) => `"m${at}":1`).join(",")))),
  one("numbers that are none", 400, post(withMember('"model":NaN'))),
  one("numbers that are too large", 200, post(withMember(`"n":1e999,"seed":${"9".repeat(50_000)}`))),
  one("members of Object's", 200, post(withMember('"__proto__":{"stream":true},"constructor":null'))),
  one("two models", 400, post(withMember('"model":"other"'))),
  one("two models, one in disguise", 400, post(withMember('"mod\\u0065l":"other"'))),
  ...["null", "1", "true", "{}", '["main"]', '""', nested(10_000)].map((model) =>
    one(`a model that is ${model.slice(0, 20)}`, 400, post(plain.replace('"main"', model)))
  ),
  one("no such model", 404, post(plain.replace("main", "who"), messages), { dialect: "anthropic" }),
  one("a model with a long name", 404, post(plain.replace("main", "x".repeat(50_000)))),
  one("a model that a pattern might be for in many ways", 404, post(plain.replace("main", "ab".repeat(45_000)))),
  one("ten thousand fallbacks", 400, post(withMember(`"fallbacks":[${'"who",'.repeat(10_000)}"who"]`))),
  one("a model of no UTF-8", 404, post(plain.replace("main", "\xff\xfe"))),
  one("a model that is half of a pair", 404, post(plain.replace("main", "\\ud800\\u0000"))),
  one("a model with lines in its name", 404, post(plain.replace("main", "\\r\\nset-cookie: a=b"))),
  ...['"yes"', "1", "[]", "{}"].map((value) =>
    one(`a stream that is ${value}`, 400, post(withMember(`"stream":${value}`), messages), { dialect: "anthropic" })
  ),
  ...['"main"', "[1]", "{}", '["main"]', '["who"]', nested(10_000)].map((value) =>
    one(`fallbacks that are ${value.slice(0, 20)}`, 400, post(withMember(`"fallbacks":${value}`)))
  ),
  one("as many answers as there are numbers", 400, post(withMember('"n":1e308'))),
  one("messages that are none", 400, post(plain.replace(/\[.*\]/, nested(10_000))))
]
