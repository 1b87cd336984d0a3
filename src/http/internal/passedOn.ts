/**
 * A response as the platform makes them, which also knows its address and how it was come by.
 *
 * @internal
 */
import type { Head } from "./seen.js"

/** @internal */
export const responseOf = (head: Head, body: BodyInit | null): Response => new PassedOn(head, body)

/** Statuses that the platform gives to no response that is made with a body. */
const bodiless = new Set([0, 204, 205, 304])

class PassedOn extends Response {
  private readonly head: Head | undefined

  constructor(head: Head, body: BodyInit | null) {
    const { headers, status, statusText } = head
    super(bodiless.has(status) ? null : body, {
      // A response may have come with a status that none may be made with.
      status: status >= 200 && status <= 599 ? status : 200,
      statusText,
      headers: headers instanceof Headers ? headers : [...headers]
    })
    this.head = head
  }

  /** The platform asks while it makes the response, too. */
  override get status(): number {
    return this.head?.status ?? super.status
  }

  override get ok(): boolean {
    return this.status >= 200 && this.status <= 299
  }

  override get url(): string {
    return this.head?.url ?? super.url
  }

  override get redirected(): boolean {
    return this.head?.redirected ?? super.redirected
  }

  override get type(): ResponseType {
    return this.head?.type ?? super.type
  }

  override clone(): Response {
    return new PassedOn({ ...(this.head as Head), headers: this.headers }, super.clone().body)
  }
}
