/** A Prometheus of our own for a while: started on a free port, with one target to scrape, and asked by its own promtool. */
import { execFile, execFileSync, spawn } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"

export interface Series {
  readonly metric: Readonly<Record<string, string>>
  /** Seconds since 1970, and the value. */
  readonly values: ReadonlyArray<readonly [at: number, value: string]>
}

export interface Prometheus {
  readonly instant: (expr: string) => Promise<ReadonlyArray<Series>>
  readonly range: (expr: string, from: Date, to: Date) => Promise<ReadonlyArray<Series>>
  readonly stop: () => void
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { readonly port: number }
      server.close(() => resolve(port))
    })
  })

export const isInstalled = (): boolean => {
  try {
    for (const tool of ["prometheus", "promtool"]) execFileSync(tool, ["--version"], { stdio: "ignore" })
    return true
  } catch {
    return false
  }
}

/** Scrapes the port of this machine every second. */
export const start = async (scraped: number): Promise<Prometheus> => {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const folder = mkdtempSync(join(tmpdir(), "prometheus-"))
  const job = { job_name: "calls", static_configs: [{ targets: [`127.0.0.1:${scraped}`] }] }
  // JSON is YAML.
  const config = { global: { scrape_interval: "1s", scrape_timeout: "1s" }, scrape_configs: [job] }
  writeFileSync(join(folder, "prometheus.yml"), JSON.stringify(config))
  const running = spawn(
    "prometheus",
    [
      `--config.file=${join(folder, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--log.level=error"
    ],
    { stdio: ["ignore", "inherit", "inherit"] }
  )
  // Also where this process does not come to its end.
  const kill = (): boolean => running.kill("SIGKILL")
  process.on("exit", kill)
  for (let i = 0; ; i++) {
    const ready = await fetch(`${url}/-/ready`)
      .then(({ ok }) => ok)
      .catch(() => false)
    if (ready) break
    if (i > 200) throw new Error("Prometheus does not start")
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  // Not waited for in the way that would keep this process from answering a scrape: what it has would be taken for gone.
  const promtool = async (...args: ReadonlyArray<string>): Promise<ReadonlyArray<Series>> => {
    const { stdout } = await promisify(execFile)("promtool", ["query", "-o", "json", ...args])
    const found: unknown = JSON.parse(stdout)
    type Found = Series & { readonly value?: Series["values"][number] }
    return (found as ReadonlyArray<Found>).map(({ metric, value, values }) => ({
      metric,
      values: value === undefined ? values : [value]
    }))
  }
  const seconds = (date: Date): string => String(Math.floor(date.getTime() / 1000))
  return {
    instant: (expr) => promtool("instant", url, expr),
    range: (expr, from, to) =>
      promtool("range", `--start=${seconds(from)}`, `--end=${seconds(to)}`, "--step=1s", url, expr),
    stop: () => {
      kill()
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    }
  }
}
