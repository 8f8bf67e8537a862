// The first script of the page: the words of the language that was chosen, and only then everything that speaks.
import { startWords } from "./words.js";

await startWords();
await import("./main.js");
