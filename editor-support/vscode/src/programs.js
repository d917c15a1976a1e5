// Where rolloutc and rollout are. Knows files and settings, no editor, so that tests need none.
"use strict";

const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const isWindows = process.platform === "win32";

function isProgram(file) {
  try {
    fs.accessSync(file, isWindows ? fs.constants.F_OK : fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

/**
 * The file of a program.
 * @param {string} name a name to look for in PATH, or a path: absolute, from the home folder (`~/`) or from `folder`
 * @param {string} [folder] what a relative path starts from
 * @param {string} [searched] the folders to search, as in PATH
 * @returns {string | undefined} an absolute path; undefined where there is no such program
 */
function findProgram(name, folder = os.homedir(), searched = process.env.PATH ?? "") {
  const endings = isWindows ? ["", ".exe"] : [""];
  const places = /[/\\]/.test(name)
    ? [path.resolve(folder, name.replace(/^~(?=[/\\])/, () => os.homedir()))]
    : searched.split(path.delimiter).filter(path.isAbsolute).map((place) => path.join(place, name));
  return places.flatMap((place) => endings.map((ending) => place + ending)).find(isProgram);
}

/**
 * The runtime that belongs to a compiler: the one beside it, else the one in PATH.
 * @param {string} rolloutc the compiler's file
 * @returns {string} a path, or the bare name where nothing was found
 */
function runtimeBeside(rolloutc, searched = process.env.PATH ?? "") {
  return findProgram(path.join(path.dirname(rolloutc), "rollout")) ?? findProgram("rollout", undefined, searched) ?? "rollout";
}

module.exports = { findProgram, runtimeBeside };
