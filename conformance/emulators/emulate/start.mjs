// Starts the emulator of the Vercel API on the loopback interface: node start.mjs [--port N]
//
// The emulator listens on every address of the machine; here every server of the process is held to 127.0.0.1.
import { once } from "node:events";
import { Server } from "node:net";
import { parseArgs } from "node:util";

const HOST = "127.0.0.1";
const listen = Server.prototype.listen;
let server;
Server.prototype.listen = function (port, ...rest) {
  server = this;
  this.once("error", (error) => {
    console.error(`cannot listen on ${HOST}: ${error.message}`);
    process.exit(1);
  });
  const told = rest.filter((argument) => typeof argument === "function");
  return listen.call(this, { port: Number(port?.port ?? port), host: HOST }, ...told);
};

const TOKEN = "test_token_admin";
const SPENT = "test_token_spent";
const CALLS = 5000; // What it allows a token in an hour.
const LEFT = 12; // Of the token whose limit a run uses up.

const { values } = parseArgs({ options: { port: { type: "string", default: "4400" } } });
const port = Number(values.port);
if (!Number.isInteger(port) || port < 1 || port > 65535) {
  console.error(`--port ${values.port}: needs a number from 1 to 65535`);
  process.exit(2);
}

const { createEmulator } = await import("emulate");
const users = [{ username: "admin", name: "Admin", email: "admin@example.com" }];
await createEmulator({
  service: "vercel",
  port,
  baseUrl: `http://${HOST}:${port}`,
  seed: {
    tokens: { [TOKEN]: { login: "admin" }, [SPENT]: { login: "admin" } },
    vercel: {
      users,
      teams: [{ slug: "a-team", name: "A team" }],
      projects: [{ name: "of-the-team", team: "a-team" }],
    },
  },
});

const url = `http://${HOST}:${port}`;
if (!server.listening) await once(server, "listening");

// Its handler is called without a connection: that takes a tenth of the time.
const call = () =>
  new Promise((end) => {
    const headers = { host: `${HOST}:${port}`, authorization: `Bearer ${SPENT}` };
    const answer = { setHeader() {}, write: () => true, once() {}, destroy: end, end };
    server.emit("request", { method: "GET", url: "/registration", headers }, answer);
  });
for (let sent = 0; sent < CALLS - LEFT; sent += 1) await call();

console.log(`emulate at ${url}, stop it with Ctrl-C`);
console.log(`EMULATE_TOKEN=${TOKEN} EMULATE_TOKEN_SPENT=${SPENT} pytest --target emulate --allow-writes`);
