/** Prometheus' own tools, where they are installed: `apt-get install prometheus`. */
import { execFileSync, spawnSync } from "node:child_process"

const has = (tool: string): boolean => {
  try {
    execFileSync(tool, ["--version"], { stdio: "ignore" })
    return true
  } catch {
    return false
  }
}

export const hasPromtool = has("promtool")

if (!hasPromtool) console.warn("There is no promtool (apt-get install prometheus): what it would check is skipped")

/** What `promtool check metrics` finds wrong with a scrape; an empty text where it finds nothing. */
export const checkMetrics = (text: string): string => {
  const { status, stderr, stdout } = spawnSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8" })
  return status === 0 ? "" : `${stdout}${stderr}` || `ended with ${status}`
}
