import type { Target } from "../call/target.js"

/**
 * Whether the policies only observe, for each target: as the options say, until somebody says otherwise.
 *
 * @internal
 */
export class ObserveOnly {
  private all: boolean | undefined
  private readonly byTarget = new Map<string, boolean>()

  /** Without a target, for all of them, whatever was said of each before. */
  set(on: boolean, target: string | undefined): void {
    if (target !== undefined) {
      this.byTarget.set(target, on)
      return
    }
    this.byTarget.clear()
    this.all = on
  }

  of({ name, observeOnly }: Pick<Target, "name" | "observeOnly">): boolean {
    const own = this.byTarget.size === 0 ? undefined : this.byTarget.get(name)
    return own ?? this.all ?? observeOnly
  }
}
