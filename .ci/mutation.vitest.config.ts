// The tests that mutants of the circuit breaker's state machine and windows have to get past: plain functions, no
// fibers, so that a run is short.
import { defineConfig } from "vitest/config"
import base from "../vitest.config.js"

const include = ["circuit", "windows", "memory", "machine"].map((name) => `test/internal/breaker/${name}.test.ts`)

export default defineConfig({ ...base, test: { ...base.test, include } })
