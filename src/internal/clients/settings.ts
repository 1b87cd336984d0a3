/**
 * Where each vendor's client keeps how often it repeats a failed call. By shape, so that no client has to be installed.
 *
 * @internal
 */
import * as Predicate from "effect/Predicate"

/**
 * What a client does on its own, and how to make it stop.
 *
 * @since 0.1.0
 * @category Models
 */
export interface ClientRetries {
  /** The client's name, such as `OpenAI`. */
  readonly client: string
  /** How often it repeats a failed call, the first attempt not included. */
  readonly maxRetries: number
  /** What to write instead. */
  readonly fix: string
}

type Fields = Readonly<Record<string, unknown>>

const fieldsOf = (value: unknown): Fields | undefined => (Predicate.isObject(value) ? (value as Fields) : undefined)

const nameOf = (client: Fields, otherwise: string): string => client.constructor?.name || otherwise

/** Of `openai` and `@anthropic-ai/sdk`, or of a resource of theirs, and of any client that has `maxRetries`. */
const ofField = (client: Fields): ClientRetries | undefined => {
  for (const owner of [client, fieldsOf(client._client)]) {
    if (Predicate.isNumber(owner?.maxRetries)) return asNew(nameOf(owner, "Client"), owner.maxRetries)
  }
  return undefined
}

const asNew = (client: string, maxRetries: number): ClientRetries => ({
  client,
  maxRetries,
  fix: `new ${client}({ maxRetries: 0 })`
})

/** LangChain's models repeat in a queue of their own, and have set the vendor's client to none; a model with tools bound is one inside. */
const ofLangChain = (client: Fields): ClientRetries | undefined => {
  const model = fieldsOf(client.bound) ?? client
  const { maxRetries } = fieldsOf(model.caller) ?? {}
  return Predicate.isNumber(maxRetries) ? asNew(nameOf(model, "ChatModel"), maxRetries) : undefined
}

/** Cohere's repeats twice where it has not been told anything. */
const ofCohere = (client: Fields): ClientRetries | undefined => {
  const options = fieldsOf(client._options)
  if (options === undefined || !Predicate.isFunction(client.chatStream)) return undefined
  const name = nameOf(client, "")
  return asNew(
    name.startsWith("Cohere") ? name : "CohereClient",
    Predicate.isNumber(options.maxRetries) ? options.maxRetries : 2
  )
}

/** Mistral's repeats only where it was told to, and then until a time is over. */
const ofMistral = (client: Fields): ClientRetries | undefined => {
  const retries = fieldsOf(fieldsOf(client._options)?.retryConfig)
  if (retries?.strategy !== "backoff") return undefined
  return {
    client: "Mistral",
    maxRetries: triesWithin({ ...mistralDefault, ...fieldsOf(retries.backoff) }),
    fix: 'new Mistral({ retryConfig: { strategy: "none" } })'
  }
}

const mistralDefault = { initialInterval: 500, maxInterval: 60_000, exponent: 1.5, maxElapsedTime: 3_600_000 }

/** How many waits fit into the time, without chance and hints of the server, and if the calls themselves take none. */
const triesWithin = ({ exponent, initialInterval, maxElapsedTime, maxInterval }: typeof mistralDefault): number => {
  let tries = 0
  for (let elapsed = 0; elapsed <= maxElapsedTime && tries < 1_000; tries++) {
    elapsed += Math.min(initialInterval * tries ** exponent, maxInterval)
  }
  return tries
}

/** `@google/genai` repeats only where it was told to; `attempts` counts the first. */
const ofGenAi = (client: Fields): ClientRetries | undefined => {
  const options = fieldsOf(fieldsOf(fieldsOf(client.apiClient)?.clientOptions)?.httpOptions)
  const retries = fieldsOf(options?.retryOptions)
  if (retries === undefined) return undefined
  return {
    client: "GoogleGenAI",
    maxRetries: (Predicate.isNumber(retries.attempts) ? retries.attempts : 5) - 1,
    fix: "new GoogleGenAI({ httpOptions: {} }), without retryOptions"
  }
}

/** What can be read at once. It may throw, where a client's own getters do. @internal */
export const settingOf = (value: unknown): ClientRetries | undefined => {
  const client = fieldsOf(value)
  if (client === undefined) return undefined
  return ofField(client) ?? ofLangChain(client) ?? ofCohere(client) ?? ofMistral(client) ?? ofGenAi(client)
}

/**
 * The AWS SDK tells only in a promise, since its setting may stand in the environment or a file. It counts the first
 * attempt, too.
 *
 * @internal
 */
export const settingInPromise = async (value: unknown): Promise<ClientRetries | undefined> => {
  const client = fieldsOf(value)
  const config = fieldsOf(client?.config)
  if (client === undefined || !Predicate.isFunction(config?.maxAttempts)) return undefined
  const strategy = Predicate.isFunction(config.retryStrategy) ? fieldsOf(await config.retryStrategy()) : undefined
  const attempts: unknown = await (Predicate.isFunction(strategy?.maxAttempts)
    ? strategy.maxAttempts()
    : config.maxAttempts())
  if (!Predicate.isNumber(attempts)) return undefined
  const name = nameOf(client, "Client")
  return { client: name, maxRetries: attempts - 1, fix: `new ${name}({ maxAttempts: 1 })` }
}
