// Makes one module of the TypeScript of a page: the text around it becomes empty lines, so that the compiler's line numbers
// are those of the page.
// Usage: node snippets.mjs PAGE MODULE

import { readFileSync, writeFileSync } from "node:fs";

const [, , page, module] = process.argv;
let inside = false;
let blocks = 0;
const lines = readFileSync(page, "utf8")
  .split("\n")
  .map((line) => {
    if (!line.startsWith("```")) return inside ? line : "";
    inside = !inside && line === "```ts";
    if (inside) blocks += 1;
    return "";
  });
if (inside || blocks === 0) throw new Error(`${page}: ${inside ? "a block has no end" : "no block of TypeScript"}`);
writeFileSync(module, lines.join("\n"));
