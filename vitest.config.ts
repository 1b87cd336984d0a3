import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

const source = (path: string): string => fileURLToPath(new URL(`./src/${path}`, import.meta.url))

// These change what files share, their modules or what a module holds for the process: they get fresh modules.
const alone = [
  "test/gateway/keys.test.ts",
  "test/inSpan.test.ts",
  "test/Resilience.names.test.ts",
  "test/Telemetry.e*.test.ts"
]

export default defineConfig({
  resolve: {
    alias: [
      { find: /^effect-resilience$/, replacement: source("index.ts") },
      { find: /^effect-resilience\/(.*)$/, replacement: source("$1.ts") }
    ]
  },
  test: {
    testTimeout: 20_000,
    pool: "threads",
    minWorkers: 1,
    maxWorkers: 2,
    // Loading Effect takes longer than most files of tests do, so files share their modules.
    poolOptions: { threads: { isolate: false } },
    projects: [
      {
        extends: true,
        test: {
          name: "together",
          include: ["test/**/*.test.ts"],
          exclude: alone
        }
      },
      {
        extends: true,
        test: { name: "alone", include: alone, poolOptions: { threads: { isolate: true } } }
      }
    ]
  }
})
