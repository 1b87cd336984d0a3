/**
 * What the provider answers to everybody, so that a client knows whether it has it whole.
 */
export const reply = {
  text: "One two three four five six seven eight nine ten eleven twelve",
  usage: { inputTokens: 7, outputTokens: 12 }
}
