// Deploys a folder by its digest with the vendor's own client: node deploy.mjs HOST:PORT NAME FOLDER
//
// The token is read from NETLIFY_TOKEN. What was done is told as one line of JSON.
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { NetlifyAPI } from "@netlify/api";

const [host, name, folder] = process.argv.slice(2);
const client = new NetlifyAPI(process.env.NETLIFY_TOKEN, { scheme: "http", host, pathPrefix: "/api/v1" });

const contents = new Map();
for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile()) continue;
  const path = join(entry.parentPath ?? entry.path, entry.name);
  contents.set(relative(folder, path).split(sep).join("/"), await readFile(path));
}
const digests = new Map();
for (const [path, bytes] of contents) digests.set(path, createHash("sha1").update(bytes).digest("hex"));
const files = Object.fromEntries([...digests].map(([path, sha]) => [`/${path}`, sha]));

const before = await client.listSites();
const site = await client.createSite({ body: { name } });
const deploy = await client.createSiteDeploy({ siteId: site.id, body: { files } });
const uploaded = [];
for (const sha of deploy.required) {
  const [path] = [...digests].find((one) => one[1] === sha);
  const escaped = path.split("/").map(encodeURIComponent).join("/");
  await client.uploadDeployFile({ deployId: deploy.id, path: escaped, body: contents.get(path) });
  uploaded.push(path);
}
let state;
for (let polls = 0; polls < 50 && state !== "ready"; polls += 1) {
  ({ state } = await client.getDeploy({ deployId: deploy.id }));
}
const after = await client.listSites({ page: 1, per_page: 2 });
console.log(JSON.stringify({ before: before.length, page: after.length, site: site.id, deploy: deploy.id, uploaded, state }));
