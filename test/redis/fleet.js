/** A fleet of real processes, and a provider that they ask and that can misbehave. */
import { fork } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
const root = fileURLToPath(new URL("../..", import.meta.url));
/** The worker in one file, so that a process starts at once. */
export const bundled = async () => {
    const folder = mkdtempSync(join(root, "node_modules", ".fleet-"));
    const file = join(folder, "worker.mjs");
    await build({
        entryPoints: [join(root, "test/redis/fleetWorker.ts")],
        outfile: file,
        bundle: true,
        platform: "node",
        format: "esm",
        external: ["ioredis", "effect", "@effect/*"],
        alias: { "effect-resilience": join(root, "src") },
        logLevel: "error"
    });
    return file;
};
export const provider = async () => {
    const seen = { calls: 0, running: 0, most: 0, at: [] };
    let answer = () => ({
        status: 200
    });
    const server = createServer((_, response) => {
        seen.calls++;
        seen.at.push(performance.now());
        seen.running++;
        seen.most = Math.max(seen.most, seen.running);
        const { millis = 0, retryAfter, status } = answer();
        response.once("close", () => {
            seen.running--;
        });
        setTimeout(() => {
            response.writeHead(status, retryAfter === undefined ? {} : { "retry-after": String(retryAfter) });
            response.end("{}");
        }, millis);
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    return {
        url: `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`,
        seen,
        answers: (next) => {
            answer = next;
        },
        reset: () => {
            Object.assign(seen, { calls: 0, most: 0, at: [] });
        },
        stop: () => {
            server.closeAllConnections();
            server.close();
        }
    };
};
export const worker = async (file, settings) => {
    const child = fork(file, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    const waiting = new Map();
    let next = 0;
    child.on("message", ({ id, result }) => {
        waiting.get(id)?.(result);
        waiting.delete(id);
    });
    child.on("exit", () => {
        for (const resolve of waiting.values())
            resolve("killed");
        waiting.clear();
    });
    const ask = (order) => new Promise((resolve) => {
        const id = next++;
        waiting.set(id, resolve);
        if (child.connected)
            child.send({ id, order });
        else
            resolve("killed");
    });
    await ask({ _tag: "Make", settings });
    return { ask, child, kill: () => void child.kill("SIGKILL") };
};
