import type { Reading } from "./dialect.js"

/** @internal */
export const metadata: Reading = { kind: "metadata" }

/** @internal */
export const content: Reading = { kind: "content" }

/** @internal */
export const reasoning: Reading = { kind: "reasoning" }

/** @internal */
export const malformed: Reading = { kind: "malformed" }

/** Text is content, and an empty text is not. @internal */
export const textual = (text: unknown): Reading =>
  typeof text === "string" && text !== "" ? { kind: "content", text } : metadata

/** The model, as part of a reading. @internal */
export const modelOf = (model: unknown): { readonly model?: string } => (typeof model === "string" ? { model } : {})
