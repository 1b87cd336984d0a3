#!/usr/bin/env node
/**
 * The package's program: each of its commands is a file beside this one. What they need are optional peers of the package,
 * so it says which of them is missing.
 *
 * @internal
 */
import { missingPackage, toInstall } from "./internal/missing.js"

try {
  const { run } = await import("./program.js")
  await run(process.argv)
} catch (error) {
  const missing = missingPackage(error)
  if (missing === undefined) throw error
  const [, , asked] = process.argv
  process.stderr.write(`The package ${missing} is not installed, which this needs:\n\n  ${toInstall(asked)}\n`)
  process.exitCode = 1
}
