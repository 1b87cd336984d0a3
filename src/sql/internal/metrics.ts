import type * as Metric from "effect/Metric"
import { metricTable } from "../../internal/telemetry/metricTable.js"
import { counter } from "../../internal/telemetry/series.js"

/** @internal */
export const writtenRows: Metric.Metric.Counter<number> = counter(metricTable.operationLogRows, "written")

/** @internal */
export const droppedRows: Metric.Metric.Counter<number> = counter(metricTable.operationLogRows, "dropped")
