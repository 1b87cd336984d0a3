/** A `redis-server` of the test's own, on a free port, that can be killed and started again. */
import { spawn, spawnSync } from "node:child_process";
import { createServer, connect as openSocket } from "node:net";
export const isInstalled = spawnSync("redis-server", ["--version"]).status === 0;
if (!isInstalled)
    console.warn("NOT TESTED: there is no redis-server on this machine, so nothing of src/redis was run");
export const freePort = () => new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
        const address = server.address();
        server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
});
const answers = (port) => new Promise((resolve) => {
    const socket = openSocket(port, "127.0.0.1", () => socket.write("PING\r\n"));
    const done = (is) => {
        socket.destroy();
        resolve(is);
    };
    socket.once("data", (data) => done(String(data).startsWith("+PONG")));
    socket.once("error", () => done(false));
});
const started = async (port) => {
    const options = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
    const child = spawn("redis-server", options, { stdio: "ignore" });
    for (let i = 0; i < 200; i++) {
        if (await answers(port))
            return child;
        await new Promise((resolve) => setTimeout(resolve, 25));
    }
    child.kill("SIGKILL");
    throw new Error(`redis-server did not answer on port ${port}`);
};
export const redisServer = async () => {
    const port = await freePort();
    let child = await started(port);
    const kill = async () => {
        const dying = child;
        child = undefined;
        if (dying === undefined)
            return;
        const gone = new Promise((resolve) => dying.once("exit", resolve));
        dying.kill("SIGKILL");
        await gone;
    };
    return {
        url: `redis://127.0.0.1:${port}`,
        kill,
        start: async () => {
            child ??= await started(port);
        },
        /** It is there and does not answer. */
        pause: () => void child?.kill("SIGSTOP"),
        resume: () => void child?.kill("SIGCONT")
    };
};
