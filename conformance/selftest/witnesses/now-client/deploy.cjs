// Deploys a folder with ZEIT's own client: node deploy.cjs URL FOLDER NAME, the token in ZEIT_TOKEN.
// Prints its events as JSON, a line each, up to the one that says that the deployment is ready.
//
// The client takes another host, but asks its vendor's for the state of a deployment all the same, and speaks TLS only
// when it uploads: here every call goes to the one host.
"use strict";
const http = require("node:http");
const https = require("node:https");

const [url, folder, name] = process.argv.slice(2);
if (new URL(url).hostname !== "127.0.0.1") throw new Error(`${url} is not on loopback`);
https.Agent = http.Agent;

const utils = require("now-client/dist/utils");
const call = utils.fetch;
utils.fetch = (path, token, options = {}, debug) => call(path, token, { ...options, apiUrl: url }, debug);
const { createDeployment } = require("now-client/dist");

(async () => {
  const options = { token: process.env.ZEIT_TOKEN, apiUrl: url, name, version: 2 };
  for await (const event of createDeployment(folder, options)) {
    const { type, payload } = event;
    console.log(JSON.stringify({ type, payload: payload instanceof Error ? String(payload) : payload }));
    if (type === "ready" || type === "error") process.exit(type === "error" ? 1 : 0);
  }
})();
