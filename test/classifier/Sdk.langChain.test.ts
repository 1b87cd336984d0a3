/** What LangChain makes of a 200 without an answer. */
import { expect, it } from "@effect/vitest"
import { ChatOpenAI } from "@langchain/openai"
import { Classifier } from "effect-resilience"

const thrownBy = (body: unknown): Promise<unknown> => {
  const fetch = async () => Response.json(body)
  const chat = new ChatOpenAI({ model: "m", apiKey: "k", maxRetries: 0, configuration: { fetch } })
  return chat.invoke("hello").catch((error: unknown) => error)
}

it.each<readonly [what: string, body: unknown]>([
  ["an error", { error: { message: "Overloaded", type: "overloaded_error" } }],
  ["an envelope of a vendor's", { base_resp: { status_code: 1002, status_msg: "rate limit" } }],
  ["nothing", {}],
  ["no choice", { object: "chat.completion", choices: [] }]
])("C15: %s within a 200 is no answer, and no mistake of the program", async (_, body) => {
  const thrown = await thrownBy(body)
  expect(thrown).toBeInstanceOf(TypeError)
  expect(Classifier.fromUnknown(thrown)._tag).toBe("MalformedResponse")
})

it("the same words of the program's own code are a mistake of it", () => {
  const invoke = (nothing?: { readonly message: string }) => (nothing as { readonly message: string }).message
  try {
    invoke()
  } catch (mistake) {
    expect((mistake as Error).message).toContain("reading 'message'")
    expect(Classifier.fromUnknown(mistake)._tag).toBe("Unclassified")
  }
  expect.assertions(2)
})
