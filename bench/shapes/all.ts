import { alone } from "./alone.js"
import { contention } from "./contention.js"
import { full } from "./full.js"
import { circuits, left, waiting } from "./heap.js"
import { http } from "./http.js"
import { inFlight } from "./inFlight.js"
import { limits, reservations } from "./limits.js"
import { model } from "./model.js"
import { open } from "./open.js"
import { reading } from "./reading.js"
import { recovery } from "./recovery.js"
import type { Shape } from "./shape.js"
import { streams } from "./streams.js"
import { telemetry } from "./telemetry.js"
import { chaosOff, simulatedCalls } from "./testing.js"
import { window } from "./window.js"

export const shapes: ReadonlyArray<Shape> = [
  full,
  telemetry,
  alone,
  limits,
  window,
  open,
  reading,
  recovery,
  inFlight,
  contention,
  ...streams,
  ...http,
  model,
  circuits,
  waiting,
  left,
  reservations,
  chaosOff,
  simulatedCalls
]
