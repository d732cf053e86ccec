// Runs a program for WASI in Node's V8: node bench/wasi.mjs <file.wasm>. It is told where it runs.
import { readFile } from "node:fs/promises";
import { WASI } from "node:wasi";

const [file] = process.argv.slice(2);
const { node, v8 } = process.versions;
const wasi = new WASI({ version: "preview1", args: [file, `Wasm in V8 ${v8} (Node ${node})`], returnOnExit: true });
const { instance } = await WebAssembly.instantiate(await readFile(file), wasi.getImportObject());
process.exitCode = wasi.start(instance);
