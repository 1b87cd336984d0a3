import { describe, expect, it } from "@effect/vitest"
import { Option } from "effect"
import { Classifier, LlmError } from "effect-resilience"

const knows =
  (what: string, error: LlmError.LlmError): Classifier.Reader<string> =>
  (failure) =>
    failure === what ? Option.some(error) : Option.none()

const overloaded = new LlmError.Overloaded()
const denied = new LlmError.PermissionDenied()

describe("orElse", () => {
  it("asks the second reader only where the first does not know the failure", () => {
    const both = Classifier.orElse(knows("a", overloaded), knows("b", denied))
    expect(both("a")).toEqual(Option.some(overloaded))
    expect(both("b")).toEqual(Option.some(denied))
    expect(both("c")).toEqual(Option.none())
    expect(Classifier.orElse(knows("a", denied))(knows("a", overloaded))("a")).toEqual(Option.some(overloaded))
  })

  it("a reader that throws does not know the failure", () => {
    const broken: Classifier.Reader<string> = () => {
      throw new Error("no")
    }
    expect(Classifier.orElse(broken, knows("a", overloaded))("a")).toEqual(Option.some(overloaded))
    expect(Classifier.orElse(knows("b", denied), broken)("a")).toEqual(Option.none())
  })
})
