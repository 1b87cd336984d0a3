/**
 * What a gateway's primary process and its workers say to each other.
 *
 * @internal
 */
import type { Kept, Swap, Swapped } from "../../../SharedState.js"
import type { Order, Question } from "../admin/siblings.js"

/** Set where a process is a worker. @internal */
export const environmentOfWorkers = "EFFECT_RESILIENCE_WORKER"

/** @internal */
export type FromWorker =
  /** Its first word: it wants to know what to do. */
  | { readonly say: "here" }
  | { readonly say: "listening"; readonly url: string; readonly adminUrl: string | undefined }
  /** It cannot serve what it was told to. */
  | { readonly say: "cannot"; readonly message: string }
  | { readonly say: "read"; readonly id: number; readonly key: string }
  | { readonly say: "swap"; readonly id: number; readonly key: string; readonly swap: Swap }
  | { readonly say: "askAll"; readonly id: number; readonly question: Question }
  | { readonly say: "answer"; readonly id: number; readonly answer: unknown }

/** What has come of another configuration. @internal */
export type Reloaded = { readonly refused: string } | { readonly atTheStart: ReadonlyArray<string> }

/** @internal */
export type FromPrimary =
  | {
      readonly say: "start"
      readonly worker: number
      readonly config: unknown
      readonly orders: ReadonlyArray<Order>
    }
  | { readonly say: "reload"; readonly id: number; readonly config: unknown }
  | { readonly say: "kept"; readonly id: number; readonly kept: Kept | Swapped }
  | { readonly say: "told"; readonly key: string; readonly version: string; readonly text: string }
  | { readonly say: "ask"; readonly id: number; readonly question: Question }
  | {
      readonly say: "answers"
      readonly id: number
      readonly answers: ReadonlyArray<{ readonly worker: number; readonly answer: unknown }>
    }
