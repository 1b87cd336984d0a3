export * as Classifier from "./Classifier.js"
export * as LlmError from "./LlmError.js"
export * as Rejection from "./Rejection.js"
export * as ResilienceEvent from "./ResilienceEvent.js"
