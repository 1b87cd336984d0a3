/**
 * The live page: one file, without a build step and without anything from another host.
 *
 * @internal
 */
export const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>effect-resilience gateway</title>
<style>
  :root { color-scheme: light dark; --line: #8884; --good: #2a8f4f; --bad: #c8402f; --warn: #b97a12; --dim: #888 }
  body { font: 14px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 1500px; padding: 1.5rem }
  h1 { font-size: 1.2rem; margin: 0 } h2 { font-size: 1rem; margin: 1.6rem 0 .5rem }
  header { display: flex; gap: 1rem; align-items: baseline; flex-wrap: wrap }
  #said { color: var(--bad) } a { color: inherit }
  .scroll { overflow-x: auto } table { border-collapse: collapse; width: 100% }
  th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid var(--line); white-space: nowrap }
  #targets td:first-child, #targets td:nth-child(9) { white-space: normal; overflow-wrap: anywhere }
  th { font-weight: 600; color: var(--dim) } td.n { text-align: right; font-variant-numeric: tabular-nums }
  .closed { color: var(--good) } .open, .isolated { color: var(--bad) } .half-open, .parked { color: var(--warn) }
  button { font: inherit; padding: .1rem .5rem; margin-right: .3rem; cursor: pointer }
  .dim { color: var(--dim) }
  @media (max-width: 700px) {
    body { padding: 1rem } thead { display: none } table, tbody, tr, td { display: block; width: auto }
    tr { border: 1px solid var(--line); border-radius: .5rem; margin: 0 0 .6rem; padding: .5rem .7rem }
    td, td.n { border: 0; padding: .1rem 0; text-align: right; display: flex; justify-content: space-between; white-space: normal; overflow-wrap: anywhere }
    td::before { content: attr(data-of); color: var(--dim); text-align: left; padding-right: 1rem; white-space: nowrap }
    td:empty { display: none } td:first-child { font-weight: 600 } td:has(button) { justify-content: flex-start }
    button { padding: .3rem .8rem }
  }
</style>
<header><h1>effect-resilience gateway</h1><span id="said" role="status"></span>
  <span style="margin-left:auto"><a href="admin/docs">API</a> &nbsp; <a href="metrics">metrics</a></span></header>
<p id="processes" class="dim">asking the gateway</p>
<h2>Targets</h2>
<div class="scroll"><table><thead><tr><th>target<th>circuit<th>why<th>in flight<th>queued<th>attempts<th>answers<th>failures<th>last failure<th></tr></thead>
<tbody id="targets"></tbody></table></div>
<p><button id="observe">observe only</button><button id="act">act</button> <span class="dim">for all targets</span></p>
<h2>What happens</h2>
<div class="scroll"><table><thead><tr><th>time<th>target<th>what<th>failure<th>took<th>waits</tr></thead><tbody id="happenings"></tbody></table></div>
<script>
const of = (id) => document.getElementById(id)
const cell = (row, text, name) => { const td = row.insertCell(); td.textContent = text ?? ""; if (name) td.className = name; return td }
const ms = (n) => n === undefined ? "" : n < 1000 ? n + " ms" : (n / 1000).toFixed(1) + " s"
const time = (at) => new Date(at).toLocaleTimeString([], { hour12: false })
const ask = async (path, body) => {
  const key = sessionStorage.getItem("key")
  const response = await fetch("admin/" + path, {
    method: body ? "POST" : "GET", body: body && JSON.stringify(body),
    headers: { ...(key && { authorization: "Bearer " + key }), ...(body && { "content-type": "application/json" }) }
  })
  if (response.status === 401) {
    const given = prompt("The gateway's admin key")
    if (given === null) throw new Error("no key")
    sessionStorage.setItem("key", given)
    return ask(path, body)
  }
  if (!response.ok) throw new Error("the gateway answers " + response.status)
  return response.json()
}
const act = (path, body) => ask(path, body).then(show, said)
const said = (error) => { of("said").textContent = error.message }
const button = (td, text, path, target) => {
  const b = document.createElement("button"); b.textContent = text; b.onclick = () => act(path, { target }); td.append(b)
}
const label = (table) => {
  const names = [...table.querySelectorAll("th")].map((th) => th.textContent)
  for (const row of table.tBodies[0].rows) [...row.cells].forEach((td, at) => td.dataset.of = names[at])
}
const sharing = (s) => !s ? "" : s.joined ? ", shares its circuits and limits" : ", alone" + (s.aloneForMillis ? " for " + ms(s.aloneForMillis) : "") + ": circuits and limits are its own"
const told = ({ worker, underWay, residentBytes, upForMillis, shared }) =>
  (worker ? "worker " + worker : "one process") + ": " + underWay + " under way, " +
  Math.round(residentBytes / 1048576) + " MB, up for " + (upForMillis < 60000 ? ms(upForMillis) : Math.round(upForMillis / 60000) + " min") + sharing(shared)
const show = async () => {
  const { processes, observeOnly, targets, happenings } = await ask("state")
  of("said").textContent = observeOnly ? "observes only: no policy acts" : ""
  of("processes").textContent = processes.map(told).join("; ")
  const rows = of("targets"); rows.textContent = ""
  for (const t of targets.sort((a, b) => (b.circuit !== "closed") - (a.circuit !== "closed") || b.attempts - a.attempts).slice(0, 40)) {
    const row = rows.insertRow(), last = t.recentFailures.at(-1)
    cell(row, t.name)
    cell(row, t.parkedForMillis ? "parked for " + ms(t.parkedForMillis) : t.circuit + (t.opensAgainInMillis ? " for " + ms(t.opensAgainInMillis) : ""), t.parkedForMillis ? "parked" : t.circuit)
    cell(row, [t.why, t.observeOnly ? "observes only" : ""].filter(Boolean).join(", "))
    cell(row, t.inFlight + (t.limit ? " / " + t.limit : ""), "n"); cell(row, t.queued, "n")
    cell(row, t.attempts, "n"); cell(row, t.answers, "n"); cell(row, t.failures, "n")
    cell(row, last && last.tag + (last.status ? " " + last.status : "") + ", " + time(last.at))
    const td = cell(row, "")
    if (t.circuit === "isolated") button(td, "release", "release", t.name); else button(td, "isolate", "isolate", t.name)
    button(td, "reset", "reset", t.name)
  }
  label(rows.parentElement)
  const lines = of("happenings"); lines.textContent = ""
  for (const h of happenings.slice(-50).reverse()) {
    const row = lines.insertRow()
    cell(row, time(h.at), "dim"); cell(row, h.target); cell(row, h.what); cell(row, h.tag); cell(row, ms(h.durationMillis), "n"); cell(row, ms(h.waitMillis), "n")
  }
  label(lines.parentElement)
}
of("observe").onclick = () => act("observe-only", { on: true })
of("act").onclick = () => act("observe-only", { on: false })
const go = () => show().catch(said).finally(() => setTimeout(go, 1000))
go()
</script>
</html>
`
