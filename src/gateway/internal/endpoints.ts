/**
 * The APIs that the gateway serves, by the path under which it serves them.
 *
 * @internal
 */
import { type Api, apis } from "../../http/internal/apis.js"

/** @internal */
export interface Endpoint {
  readonly api: Api
  /** Where the API is behind the base URL of an upstream. */
  readonly path: string
}

const endpoint = (path: string): Endpoint => ({ path, api: apis.find((api) => api.path.test(path)) as Api })

/** @internal */
export const paths: ReadonlyArray<string> = ["/chat/completions", "/responses", "/embeddings", "/messages"]

/** @internal */
export const endpoints: ReadonlyMap<string, Endpoint> = new Map(paths.map((path) => [`/v1${path}`, endpoint(path)]))
