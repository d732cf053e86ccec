// Runs a program for WASI in Node's V8: node bench/wasi.mjs <file.wasm> <argument…>. It is told last where it runs.
import { readFile } from "node:fs/promises";
import { WASI } from "node:wasi";

const [file, ...given] = process.argv.slice(2);
const { node, v8 } = process.versions;
const args = [file, ...given, `Wasm in V8 ${v8} (Node ${node})`];
const wasi = new WASI({ version: "preview1", args, returnOnExit: true });
const { instance } = await WebAssembly.instantiate(await readFile(file), wasi.getImportObject());
process.exitCode = wasi.start(instance);
