/**
 * Places that a process takes with nobody to ask: no other one knows of them, and what becomes of them frees no place of
 * theirs.
 *
 * @internal
 */
import type { Circuit, Lease, Permit } from "../breaker/state.js"
import type { Step } from "../breaker/transitions.js"
import { reached } from "./owed.js"

/** Half a step, so that it is no place that was asked for. */
const isAlone = ({ id }: Lease): boolean => id % 1 !== 0

/** The place that was taken, if one was, as one of this process alone. @internal */
export const alonePlace = ([decision, circuit]: Step): Step => {
  const { permit } = decision
  if (permit === undefined || (permit.lease === 0 && permit.finder === 0)) return [decision, circuit]
  const alone: Permit = { ...permit, lease: idAlone(permit.lease), finder: idAlone(permit.finder) }
  const { parking, phase } = circuit
  const own = (lease: Lease, id: number): Lease => (lease.id === id ? { ...lease, id: idAlone(id) } : lease)
  return [
    { ...decision, permit: alone },
    {
      ...circuit,
      phase:
        phase._tag === "HalfOpen" ? { ...phase, leases: phase.leases.map((lease) => own(lease, permit.lease)) } : phase,
      parking: parking?.finder === undefined ? parking : { ...parking, finder: own(parking.finder, permit.finder) }
    }
  ]
}

const idAlone = (id: number): number => (id === 0 ? 0 : id + 0.5)

/** A circuit as it is shared, with the places that this process has taken alone and that are not free again yet. @internal */
export const withOwnPlaces = (circuit: Circuit, before: Circuit, now: number): Circuit => {
  const isTaken = (lease: Lease): boolean => isAlone(lease) && lease.expiresAt > now
  const leases = before.phase._tag === "HalfOpen" ? before.phase.leases.filter(isTaken) : []
  const finder = before.parking?.finder
  const { parking } = circuit
  const keepsFinder = finder !== undefined && isTaken(finder) && parking !== undefined && parking.finder === undefined
  const kept = keepsFinder ? { ...circuit, parking: { ...parking, finder } } : circuit
  if (leases.length === 0) return kept
  const probed = reached(kept, before.generation, now)
  const { generation, phase } = probed
  return generation === before.generation && phase._tag === "HalfOpen"
    ? { ...probed, phase: { ...phase, leases: [...phase.leases, ...leases] } }
    : kept
}
