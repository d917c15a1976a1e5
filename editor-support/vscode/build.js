// Bundles the extension into dist/extension.js, and the licences of what is in the bundle into dist/licenses.txt.
"use strict";

const esbuild = require("esbuild");
const fs = require("node:fs");
const path = require("node:path");

// Visual Studio Code 1.91 runs extensions with Node.js 20.
const { metafile } = esbuild.buildSync({
  entryPoints: [path.join(__dirname, "src", "extension.js")],
  outfile: path.join(__dirname, "dist", "extension.js"),
  absWorkingDir: __dirname,
  bundle: true,
  platform: "node",
  target: "node20",
  external: ["vscode"],
  minify: true,
  metafile: true,
});

const packages = new Set(
  Object.keys(metafile.inputs)
    .map((file) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1])
    .filter(Boolean),
);
const licenses = [...packages].sort().map((folder) => {
  const { name, version, license } = JSON.parse(fs.readFileSync(path.join(__dirname, folder, "package.json"), "utf8"));
  const file = fs.readdirSync(path.join(__dirname, folder)).find((entry) => /^licen[sc]e(\.|$)/i.test(entry));
  if (!file) throw new Error(`${name} comes without its licence: it cannot be bundled`);
  return `${name} ${version} (${license})\n\n${fs.readFileSync(path.join(__dirname, folder, file), "utf8").trim()}\n`;
});
fs.writeFileSync(path.join(__dirname, "dist", "licenses.txt"), licenses.join(`\n${"-".repeat(80)}\n\n`));
