/** After the last file: what Jest's own process held, where it ran the files itself. Workers see to theirs. */
import { releaseAll } from "./process-end.js";

export default releaseAll;
